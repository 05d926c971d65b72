package main

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// helpCommand is there for the help and for completion: usual turns it into --help.
type helpCommand struct {
	Command string `arg:"" optional:"" help:"The command that is wanted."`
}

// usual returns the arguments that those mean which most programs know.
func usual(args []string) []string {
	switch {
	case len(args) == 1 && args[0] == "--version":
		return []string{"version"}
	case len(args) > 0 && len(args) < 3 && args[0] == "help":
		return append(args[1:len(args):len(args)], "--help")
	default:
		return args
	}
}

// inputsLast puts the words among args, which are no flags, behind the flags,
// all but the command. People write inputs before and after flags; kong takes
// them in one piece only.
//
// Where the command takes any number of words, it is one that is put there, and all
// of them are returned as inputs: kong takes memory for each, and time for each pair
// of them.
func inputsLast(app *kong.Application, args []string) (sorted, inputs []string, err error) {
	flags, words, err := separate(app, args)
	if err != nil || len(words) == 0 {
		return flags, nil, err
	}
	command := commandNamed(app, words[0])
	if command != nil {
		words = words[1:]
	} else if err := checkWord(app, words[0]); err != nil {
		return nil, nil, err
	} else {
		command = app.DefaultCmd
	}
	if len(words) > 0 && inputsOf(command) != nil {
		inputs, words = words, words[:1]
	}
	return slices.Concat([]string{command.Name}, flags, []string{"--"}, words), inputs, nil
}

// inputsOf returns the argument of a command that is any number of words, or nil where
// it has none.
func inputsOf(command *kong.Node) *kong.Positional {
	for _, p := range command.Positional {
		if p.IsCumulative() {
			return p
		}
	}
	return nil
}

// separate tells flags, with their values, from words. What follows "--" is no
// flag and no command.
func separate(app *kong.Application, args []string) (flags, words []string, err error) {
	for i := 0; i < len(args); i++ {
		arg := args[i]
		switch {
		case arg == "--" && len(words) == 0:
			return flags, append([]string{app.DefaultCmd.Name}, args[i+1:]...), nil
		case arg == "--":
			return flags, append(words, args[i+1:]...), nil
		case arg == "-" || !strings.HasPrefix(arg, "-"):
			words = append(words, arg)
		case arg == "--log-invalid" && i+1 < len(args) && isNumber(args[i+1]):
			flags = append(flags, arg+"="+args[i+1])
			i++
		case !takesNext(app, arg):
			flags = append(flags, arg)
		case i+1 == len(args):
			return nil, nil, fmt.Errorf("%s needs a value", arg)
		default:
			flags = append(flags, arg, args[i+1])
			i++
		}
	}
	return flags, words, nil
}

// isNumber reports whether arg is the number of a flag that needs none.
func isNumber(arg string) bool { return new(count).UnmarshalText([]byte(arg)) == nil }

// takesNext reports whether arg is a flag whose value is the next argument.
func takesNext(app *kong.Application, arg string) bool {
	return slices.ContainsFunc(allFlags(app.Node), func(f *kong.Flag) bool {
		return !f.IsBool() && (arg == "--"+f.Name || f.Short != 0 && arg == "-"+string(f.Short))
	})
}

// commandNamed returns a command, or nil where there is none of that name.
func commandNamed(app *kong.Application, name string) *kong.Node {
	for _, n := range app.Children {
		if n.Name == name {
			return n
		}
	}
	return nil
}

// allFlags returns the flags of node and its commands.
func allFlags(node *kong.Node) []*kong.Flag {
	flags := slices.Clone(node.Flags)
	for _, child := range node.Children {
		flags = append(flags, allFlags(child)...)
	}
	return flags
}

// decodeText takes a text as it is. kong has it pass through JSON, which replaces
// what is not UTF-8; but a file may have such a name.
func decodeText(ctx *kong.DecodeContext, target reflect.Value) error {
	text, isText := ctx.Scan.Peek().Value.(string)
	if !isText { // in a config file
		return ctx.Scan.PopValueInto("string", target.Addr().Interface())
	}
	ctx.Scan.Pop()
	target.SetString(text)
	return nil
}
