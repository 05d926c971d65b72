package main

import (
	"fmt"
	"strings"

	"github.com/alecthomas/kong"
)

// completionCommand writes what makes a shell complete our command line.
type completionCommand struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"The shell: ${enum}."`
}

// Help is shown by kong below the first line.
func (c *completionCommand) Help() string {
	return `Examples:

  dailystats completion bash >/etc/bash_completion.d/dailystats
  dailystats completion zsh >/usr/local/share/zsh/site-functions/_dailystats
  dailystats completion fish >~/.config/fish/completions/dailystats.fish`
}

// Run is called by kong.
func (c *completionCommand) Run(ctx *kong.Context, s *session) error {
	script := map[string]func(*kong.Application) string{"bash": bashCompletion, "zsh": zshCompletion, "fish": fishCompletion}[c.Shell]
	return s.print(script(ctx.Model))
}

// A flag's value is one of some words, a file, a folder, or not to be guessed.
func takesFile(f *kong.Flag) bool   { return f.PlaceHolder == "FILE" }
func takesFolder(f *kong.Flag) bool { return f.PlaceHolder == "DIR" }
func wordsOf(f *kong.Flag) []string {
	return strings.FieldsFunc(f.Enum, func(r rune) bool { return r == ',' })
}
func takesFiles(n *kong.Node) bool { return len(n.Positional) > 0 && n.Positional[0].Enum == "" }
func argWords(n *kong.Node) string {
	if len(n.Positional) == 0 {
		return ""
	}
	return strings.ReplaceAll(n.Positional[0].Enum, ",", " ")
}

// flagsOf returns the flags that a command takes, the general ones too.
func flagsOf(app *kong.Application, command *kong.Node) []*kong.Flag {
	return append(append([]*kong.Flag{}, app.Flags...), command.Flags...)
}

// switches are the ways to write a flag.
func switches(f *kong.Flag) []string {
	words := []string{"--" + f.Name}
	if f.Short != 0 {
		words = append(words, "-"+string(f.Short))
	}
	if f.Tag.Negatable != "" {
		words = append(words, "--no-"+f.Name)
	}
	return words
}

// shortHelp is the first sentence of a help text, in words that need no quotes.
func shortHelp(text string) string {
	text, _, _ = strings.Cut(text, ". ")
	text, _, _ = strings.Cut(text, " (default")
	return strings.TrimSuffix(strings.NewReplacer("'", "", `"`, "", "`", "", "$", "", "[", "(", "]", ")", ":", ",", `\`, "").Replace(text), ".")
}

func bashCompletion(app *kong.Application) string {
	var b strings.Builder
	b.WriteString("# bash completion for dailystats\n_dailystats() {\n" +
		"\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command=run word flags words files=1\n" +
		"\t[[ $cur == = ]] && cur= && prev=${COMP_WORDS[COMP_CWORD-1]}\n" +
		"\t[[ $prev == = ]] && prev=${COMP_WORDS[COMP_CWORD-2]}\n" +
		"\tfor word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n\t\tcase $word in\n")
	var names []string
	for _, c := range visibleCommands(app) {
		names = append(names, c.Name)
	}
	fmt.Fprintf(&b, "\t\t%s) command=$word; break ;;\n\t\tesac\n\tdone\n\tcase $command in\n", strings.Join(names, "|"))
	for _, c := range visibleCommands(app) {
		fmt.Fprintf(&b, "\t%s)\n\t\tcase $prev in\n", c.Name)
		var all []string
		for _, f := range flagsOf(app, c) {
			all = append(all, switches(f)...)
			pattern := strings.Join(switches(f), "|")
			switch {
			case f.IsBool():
			case takesFile(f):
				fmt.Fprintf(&b, "\t\t%s) COMPREPLY=($(compgen -f -- \"$cur\")); return ;;\n", pattern)
			case takesFolder(f):
				fmt.Fprintf(&b, "\t\t%s) COMPREPLY=($(compgen -d -- \"$cur\")); return ;;\n", pattern)
			default:
				fmt.Fprintf(&b, "\t\t%s) COMPREPLY=($(compgen -W '%s' -- \"$cur\")); return ;;\n", pattern, strings.Join(wordsOf(f), " "))
			}
		}
		fmt.Fprintf(&b, "\t\tesac\n\t\tflags='%s' words='%s'\n", strings.Join(all, " "), argWords(c))
		if !takesFiles(c) {
			b.WriteString("\t\tfiles=\n")
		}
		b.WriteString("\t\t;;\n")
	}
	fmt.Fprintf(&b, "\tesac\n\tif [[ $cur == -* ]]; then\n\t\tCOMPREPLY=($(compgen -W \"$flags\" -- \"$cur\"))\n\t\treturn\n\tfi\n"+
		"\t((COMP_CWORD == 1)) && words='%s'\n"+
		"\tCOMPREPLY=($(compgen -W \"$words\" -- \"$cur\") $([[ $files ]] && compgen -f -- \"$cur\"))\n}\n"+
		"complete -o filenames -F _dailystats dailystats\n", strings.Join(names, " "))
	return b.String()
}

func zshCompletion(app *kong.Application) string {
	var b strings.Builder
	b.WriteString("#compdef dailystats\n\n_dailystats() {\n\tlocal -a commands=(\n")
	for _, c := range visibleCommands(app) {
		fmt.Fprintf(&b, "\t\t'%s:%s'\n", c.Name, shortHelp(c.Help))
	}
	b.WriteString("\t)\n\tlocal command=run word\n\tfor word in ${words[2,CURRENT-1]}; do\n" +
		"\t\t(( ${commands[(I)$word:*]} )) && command=$word && break\n\tdone\n\tcase $command in\n")
	for _, c := range visibleCommands(app) {
		fmt.Fprintf(&b, "\t%s)\n\t\t_arguments -s \\\n", c.Name)
		for _, f := range flagsOf(app, c) {
			for _, s := range switches(f) {
				fmt.Fprintf(&b, "\t\t\t'%s%s[%s]%s' \\\n", s, map[bool]string{false: "="}[f.IsBool() || len(s) == 2], shortHelp(f.Help), zshValue(f))
			}
		}
		switch {
		case c.Name == app.DefaultCmd.Name:
			b.WriteString("\t\t\t'1: :{_describe command commands -- ; _files}' '*:input:_files'\n")
		case takesFiles(c):
			b.WriteString("\t\t\t'1: :' '*:input:_files'\n")
		default:
			fmt.Fprintf(&b, "\t\t\t'1: :' '2: :(%s)'\n", argWords(c))
		}
		b.WriteString("\t\t;;\n")
	}
	b.WriteString("\tesac\n}\n\nif [[ $funcstack[1] == _dailystats ]]; then\n\t_dailystats \"$@\"\nelse\n\tcompdef _dailystats dailystats\nfi\n")
	return b.String()
}

// zshValue is what follows a flag.
func zshValue(f *kong.Flag) string {
	switch name := strings.ToLower(strings.ReplaceAll(f.PlaceHolder, "|", " or ")); {
	case f.IsBool():
		return ""
	case takesFile(f):
		return ":" + name + ":_files"
	case takesFolder(f):
		return ":" + name + ":_files -/"
	default:
		return ":" + name + ":(" + strings.Join(wordsOf(f), " ") + ")"
	}
}

func fishCompletion(app *kong.Application) string {
	var b strings.Builder
	var names []string
	b.WriteString("# fish completion for dailystats\n")
	for _, c := range visibleCommands(app) {
		names = append(names, c.Name)
		fmt.Fprintf(&b, "complete -c dailystats -n __fish_use_subcommand -a %s -d '%s'\n", c.Name, shortHelp(c.Help))
	}
	for _, c := range visibleCommands(app) {
		when := "__fish_seen_subcommand_from " + c.Name
		if c.Name == app.DefaultCmd.Name {
			when = "not __fish_seen_subcommand_from " + strings.Join(names[1:], " ")
		}
		for _, f := range flagsOf(app, c) {
			fmt.Fprintf(&b, "complete -c dailystats -n '%s' -l %s%s -d '%s'%s\n", when, f.Name, fishShort(f), shortHelp(f.Help), fishValue(f))
			if f.Tag.Negatable != "" {
				fmt.Fprintf(&b, "complete -c dailystats -n '%s' -l no-%s -d 'Not: %s'\n", when, f.Name, shortHelp(f.Help))
			}
		}
		if !takesFiles(c) {
			fmt.Fprintf(&b, "complete -c dailystats -n '%s' -f -a '%s'\n", when, argWords(c))
		}
	}
	return b.String()
}

func fishShort(f *kong.Flag) string {
	if f.Short == 0 {
		return ""
	}
	return " -s " + string(f.Short)
}

func fishValue(f *kong.Flag) string {
	switch {
	case f.IsBool():
		return ""
	case takesFile(f):
		return " -rF"
	case takesFolder(f):
		return " -x -a '(__fish_complete_directories)'"
	default:
		return " -x -a '" + strings.Join(wordsOf(f), " ") + "'"
	}
}
