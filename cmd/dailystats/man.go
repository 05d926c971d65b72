package main

import (
	"fmt"
	"strings"

	"github.com/alecthomas/kong"
)

// manCommand writes the manual page.
type manCommand struct{}

// Run is called by kong.
func (manCommand) Run(ctx *kong.Context, s *session) error {
	return s.print(manual(ctx.Model))
}

// manual is the manual page, in roff, with the macros of man(7).
func manual(app *kong.Application) string {
	var m manWriter
	m.line(".TH DAILYSTATS 1 \"\" dailystats \"User Commands\"")
	m.section("NAME")
	m.text("dailystats - " + strings.TrimSuffix(description, "."))
	m.section("SYNOPSIS")
	for i, c := range visibleCommands(app) {
		if i > 0 {
			m.line(".br")
		}
		m.line(".B dailystats")
		m.text(strings.TrimPrefix(c.Summary(), "dailystats "))
	}
	m.section("COMMANDS")
	for _, c := range visibleCommands(app) {
		m.line(".SS " + c.Name)
		m.paragraphs(c.Help + "\n\n" + c.Detail)
		for _, f := range c.Flags {
			m.flag(f)
		}
	}
	m.section("GENERAL OPTIONS")
	for _, f := range app.Flags {
		m.flag(f)
	}
	m.section("ENVIRONMENT")
	m.text("Each option has a variable: --memory is DAILYSTATS_MEMORY. An option beats its variable, which beats the file that --config names. Empty variables are ignored.")
	m.section("EXIT STATUS")
	for _, s := range []string{"0|done", "1|failed", "2|wrong usage", "3|too many invalid events (--max-invalid) or too few valid ones (--min-events)", "129, 130, 131, 143|stopped by SIGHUP, SIGINT, SIGQUIT, SIGTERM"} {
		code, means, _ := strings.Cut(s, "|")
		m.line(".TP")
		m.line(".B " + code)
		m.text(means)
	}
	return m.String()
}

// manWriter writes roff.
type manWriter struct{ strings.Builder }

func (m *manWriter) line(text string)    { m.WriteString(text + "\n") }
func (m *manWriter) section(name string) { m.line(".SH " + name) }
func (m *manWriter) text(text string)    { m.line(roff(text)) }

// roff escapes a text: minus signs, backslashes, and what would be a request.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(text)
	if strings.HasPrefix(text, ".") || strings.HasPrefix(text, "'") {
		text = `\&` + text
	}
	return text
}

// paragraphs writes a text whose indented parts are examples.
func (m *manWriter) paragraphs(text string) {
	for i, paragraph := range strings.Split(strings.TrimSpace(text), "\n\n") {
		if i > 0 {
			m.line(".PP")
		}
		if !strings.HasPrefix(paragraph, "  ") {
			m.text(paragraph)
			continue
		}
		m.line(".nf")
		for line := range strings.Lines(paragraph) {
			m.text(strings.TrimRight(line, "\n"))
		}
		m.line(".fi")
	}
}

func (m *manWriter) flag(f *kong.Flag) {
	m.line(".TP")
	heads := switches(f)
	if !f.IsBool() {
		heads[0] += "=" + f.PlaceHolder
	}
	for i := range heads {
		heads[i] = `\fB` + roff(heads[i]) + `\fR`
	}
	m.line(strings.Join(heads, ", "))
	m.text(f.Help)
	if len(f.Envs) > 0 {
		m.text(fmt.Sprintf("[%s]", strings.Join(f.Envs, ", ")))
	}
}
