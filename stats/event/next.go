package event

import (
	"bytes"

	"dailystats/stats"
)

// Kind is what a line is.
type Kind uint8

// Kinds of lines.
const (
	Valid   Kind = iota
	Blank        // nothing but white space
	Invalid      // Reader.Fault says why
)

// plain is Next for a line that is left to [Schema.Plain].
func (r *Reader) plain(text []byte) (rec stats.Record, size int, kind Kind) {
	line, size := text, len(text)
	if i := bytes.IndexByte(text, '\n'); i >= 0 {
		line, size = text[:i], i+1
	}
	r.line = line
	if isBlank(line) {
		return rec, size, Blank
	}
	if rec, r.fault = (Schema{r.schema}).Plain(line); r.fault != nil {
		return rec, size, Invalid
	}
	return rec, size, Valid
}

// Line returns the line that Next found to be blank or invalid, without its LF. It is a part
// of the text.
func (r *Reader) Line() []byte { return r.line }

// Fault returns what is wrong with the line that Next found to be invalid.
func (r *Reader) Fault() *Fault { return r.fault }

// Fast returns the number of lines that the fast reader took.
func (r *Reader) Fast() uint64 { return r.fast }
