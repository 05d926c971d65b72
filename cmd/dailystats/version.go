package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// versionCommand tells what was built, and from what.
type versionCommand struct{}

// Run is called by kong.
func (versionCommand) Run() error {
	_, err := fmt.Println("dailystats", version(), runtime.Version(), runtime.GOOS+"/"+runtime.GOARCH)
	return err
}

// version is the module's version as the go command has recorded it: a tag, a
// commit, or "(devel)".
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(devel)"
	}
	return info.Main.Version
}
