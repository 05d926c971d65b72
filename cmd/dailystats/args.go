package main

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// inputsLast puts the words among args, which are no flags, behind the flags,
// all but the command. People write inputs before and after flags; kong takes
// them in one piece only.
func inputsLast(app *kong.Application, args []string) ([]string, error) {
	flags, words, err := separate(app, args)
	if err != nil || len(words) == 0 {
		return flags, err
	}
	command := app.DefaultCmd.Name
	if isCommand(app, words[0]) {
		command, words = words[0], words[1:]
	} else if err := checkWord(app, words[0]); err != nil {
		return nil, err
	}
	return slices.Concat([]string{command}, flags, []string{"--"}, words), nil
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

// takesNext reports whether arg is a flag whose value is the next argument.
func takesNext(app *kong.Application, arg string) bool {
	return slices.ContainsFunc(allFlags(app.Node), func(f *kong.Flag) bool {
		return !f.IsBool() && (arg == "--"+f.Name || f.Short != 0 && arg == "-"+string(f.Short))
	})
}

func isCommand(app *kong.Application, word string) bool {
	return slices.ContainsFunc(app.Children, func(n *kong.Node) bool { return n.Name == word })
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
