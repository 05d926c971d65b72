package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// flagsCommand is for programs that start this one with flags of their users, such as
// cmd/dailystats-spark: it says which flags a command takes, one a line, with "=" and a
// placeholder where there is a value, or whether some flags are right.
type flagsCommand struct {
	Words []string `arg:"" sep:"none" help:"The command; behind --, flags to be checked."`
}

// Run is called by kong.
func (c *flagsCommand) Run(ctx *kong.Context, s *session) error {
	command := commandNamed(ctx.Model, c.Words[0])
	switch {
	case command == nil:
		return usageError{fmt.Errorf("there is no command %s", c.Words[0])}
	case len(c.Words) > 1:
		return c.check(command)
	default:
		return s.print(flagList(ctx.Model, command))
	}
}

// flagList is a command's flags, one a line.
func flagList(app *kong.Application, command *kong.Node) string {
	var list strings.Builder
	for _, f := range flagsOf(app, command) {
		for _, name := range switches(f) {
			if !f.IsBool() {
				name += "=" + f.PlaceHolder
			}
			fmt.Fprintln(&list, name)
		}
	}
	return list.String()
}

// check returns an error where the flags are wrong.
func (c *flagsCommand) check(command *kong.Node) error {
	args := slices.Clone(c.Words)
	if inputsOf(command) != nil {
		args = append(args, "-")
	}
	_, err := parse(args)
	return err
}

// visibleCommands are the commands that are for people.
func visibleCommands(app *kong.Application) []*kong.Node {
	return slices.DeleteFunc(slices.Clone(app.Children), func(n *kong.Node) bool { return n.Hidden })
}
