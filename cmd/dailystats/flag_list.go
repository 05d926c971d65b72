package main

import (
	"fmt"
	"os"
	"slices"

	"github.com/alecthomas/kong"
)

// flagsCommand is for programs that start this one with flags of their users, such as
// cmd/dailystats-spark: it says which flags a command takes, one a line, with "=" and a
// placeholder where there is a value, or whether some flags are right.
type flagsCommand struct {
	Command string   `arg:"" help:"The command."`
	Flags   []string `arg:"" optional:"" sep:"none" help:"Behind --: flags to be checked."`
}

// Run is called by kong.
func (c *flagsCommand) Run(ctx *kong.Context) error {
	for _, command := range ctx.Model.Children {
		if command.Name != c.Command {
			continue
		}
		if len(c.Flags) > 0 {
			return c.check(command)
		}
		for _, f := range flagsOf(ctx.Model, command) {
			for _, name := range switches(f) {
				if !f.IsBool() {
					name += "=" + f.PlaceHolder
				}
				fmt.Fprintln(os.Stdout, name)
			}
		}
		return nil
	}
	return usageError{fmt.Errorf("there is no command %s", c.Command)}
}

// check returns an error where the flags are wrong.
func (c *flagsCommand) check(command *kong.Node) error {
	args := append([]string{c.Command}, c.Flags...)
	if len(command.Positional) > 0 {
		args = append(args, "-")
	}
	_, err := parse(args)
	return err
}

// visibleCommands are the commands that are for people.
func visibleCommands(app *kong.Application) []*kong.Node {
	return slices.DeleteFunc(slices.Clone(app.Children), func(n *kong.Node) bool { return n.Hidden })
}
