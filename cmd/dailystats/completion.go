package main

import (
	"embed"
	"strings"
	"text/template"

	"github.com/alecthomas/kong"
)

// completionCommand writes a script that has a shell complete our command line.
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

//go:embed completion/*.tmpl
var completionTemplates embed.FS

// Run is called by kong.
func (c *completionCommand) Run(ctx *kong.Context, s *session) error {
	name := c.Shell + ".tmpl"
	t, err := template.New(name).Funcs(completionFuncs(ctx.Model)).ParseFS(completionTemplates, "completion/"+name)
	if err != nil {
		return err
	}
	var script strings.Builder
	if err := t.Execute(&script, nil); err != nil {
		return err
	}
	return s.print(strings.TrimRight(script.String(), "\n") + "\n")
}

// completionFuncs are what the templates ask about the command line.
func completionFuncs(app *kong.Application) template.FuncMap {
	commands := visibleCommands(app)
	names := func(but string) (names []string) {
		for _, c := range commands {
			if c.Name != but {
				names = append(names, c.Name)
			}
		}
		return names
	}
	return template.FuncMap{
		"allSwitches": func(command *kong.Node) (all []string) {
			for _, f := range flagsOf(app, command) {
				all = append(all, switches(f)...)
			}
			return all
		},
		"argWords":    argWords,
		"commands":    func() []*kong.Node { return commands },
		"flags":       func(command *kong.Node) []*kong.Flag { return flagsOf(app, command) },
		"isDefault":   func(command *kong.Node) bool { return command.Name == app.DefaultCmd.Name },
		"join":        strings.Join,
		"names":       func(separator string) string { return strings.Join(names(""), separator) },
		"others":      func(command *kong.Node) string { return strings.Join(names(command.Name), " ") },
		"placeholder": func(f *kong.Flag) string { return strings.ToLower(strings.ReplaceAll(f.PlaceHolder, "|", " or ")) },
		"shortHelp":   shortHelp,
		"switches":    switches,
		"takesFile":   takesFile,
		"takesFiles":  takesFiles,
		"takesFolder": takesFolder,
		"wordsOf":     wordsOf,
	}
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
