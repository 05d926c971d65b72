package main

import (
	"cmp"
	"fmt"
	"runtime"
	"runtime/debug"
)

// versionCommand tells what was built, and from what.
type versionCommand struct{}

// Run is called by kong.
func (versionCommand) Run(s *session) error {
	return s.print(fmt.Sprintln("dailystats", version(), runtime.Version(), runtime.GOOS+"/"+runtime.GOARCH))
}

// version is the module's version as the go command has recorded it, a tag or
// "(devel)", and the commit where it is known.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "(devel)"
	}
	text, settings := cmp.Or(info.Main.Version, "(devel)"), make(map[string]string)
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	if commit := settings["vcs.revision"]; commit != "" {
		text += " commit " + commit
	}
	if settings["vcs.modified"] == "true" {
		text += " (modified)"
	}
	return text
}
