package main

import (
	"cmp"
	"fmt"
	"os"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"dailystats/stats/pipeline"

	"github.com/alecthomas/kong"
)

// printSettings writes what is in force for a command, and where it comes from.
func (s *session) printSettings(ctx *kong.Context) error {
	var text strings.Builder
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	for _, f := range flagsOf(ctx.Model, ctx.Selected()) {
		if f.Name == "help" || f.Name == "print-config" {
			continue
		}
		value, source := settingOf(ctx, f)
		fmt.Fprintf(table, "%s\t%s\t%s\n", f.Name, oneLine(value), source)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	return s.print(text.String())
}

// printsSettings reports whether a command's settings are to be printed.
func printsSettings(ctx *kong.Context) bool {
	return slices.ContainsFunc(ctx.Model.Flags, func(f *kong.Flag) bool { return f.Name == "print-config" && f.Target.Bool() })
}

// settingOf returns a flag's value and where it comes from. A default that is
// worked out later is told in words, as in the help.
func settingOf(ctx *kong.Context, f *kong.Flag) (value, source string) {
	source = sourceOf(ctx, f)
	target := reflect.Indirect(f.Target)
	switch {
	case !target.IsValid() || !target.IsZero():
	case target.Type() == reflect.TypeFor[size]() && f.Name == "memory":
		return size(defaultMemory()).String(), source
	case target.Type() == reflect.TypeFor[workers]() && f.Name == "parallel":
		return strconv.Itoa(runtime.GOMAXPROCS(0)), source
	}
	if target.IsValid() && target.Kind() == reflect.Slice && target.Len() > 0 {
		return listOf(target), source
	}
	if target.IsValid() && (f.IsBool() || !target.IsZero() || source != "default") {
		return fmt.Sprint(target.Interface()), source
	}
	_, text, _ := strings.Cut(f.Help, "(default: ")
	text, _, _ = strings.Cut(text, ")")
	return cmp.Or(text, "none"), source
}

// listOf returns the values of a flag that takes several, as the command line has them.
func listOf(list reflect.Value) string {
	var parts []string
	for i := range list.Len() {
		parts = append(parts, strings.ReplaceAll(fmt.Sprint(list.Index(i)), ",", `\,`))
	}
	return strings.Join(parts, ",")
}

// configFiles returns the config files that a command is given: with --config, and with
// --schema where it has that.
func configFiles(ctx *kong.Context) (paths []string) {
	for _, f := range flagsOf(ctx.Model, ctx.Selected()) {
		if path, isFile := f.Target.Interface().(configFile); isFile && path != "" {
			paths = append(paths, string(path))
		}
	}
	return paths
}

// filesRead returns the files that any command reads for its settings.
func filesRead(ctx *kong.Context) (files []pipeline.File) {
	for _, path := range configFiles(ctx) {
		files = append(files, pipeline.File{Path: path, Role: "the config file"})
	}
	return files
}

func sourceOf(ctx *kong.Context, f *kong.Flag) string {
	for _, p := range ctx.Path {
		if p.Flag == f && !p.Resolved {
			return "command line"
		}
	}
	for _, name := range f.Envs {
		if _, found := os.LookupEnv(name); found {
			return "environment " + name
		}
	}
	for _, p := range ctx.Path {
		if p.Flag == f {
			return "config file " + oneLine(strings.Join(configFiles(ctx), ", "))
		}
	}
	return "default"
}
