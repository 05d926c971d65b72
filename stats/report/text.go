package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"
)

// figure is a part of a report, for a person.
type figure struct{ Name, Text string }

// figures are what a person wants to know about a run, under the names that they have in the
// log, the JSON document and the metrics, too.
func (r *Report) figures() []figure {
	f := []figure{
		{"lines", countText(r.Lines)},
		{"events", countText(r.Events)},
		{"invalid", r.invalidText()},
	}
	if r.Result != nil {
		f = append(f, r.Result.figures()...)
		if r.TimeZone != "" {
			f = append(f, figure{"time zone", r.TimeZone})
		}
		f = append(f, figure{"rows", countText(r.Rows)}, figure{"output", outputText(r.Output)})
	}
	return append(f, processFigures(r.BytesRead, r.BytesSpilled, r.PeakMemory, r.Memory, r.Seconds)...)
}

// figures are what a person wants to know about a merge.
func (r *Merge) figures() []figure {
	f := []figure{
		{"inputs", countText(uint64(r.Inputs))},
		{"rows read", countText(r.RowsRead)},
		{"events", countText(r.Events)},
	}
	f = append(append(f, r.Result.figures()...), figure{"rows", countText(r.Rows)}, figure{"output", outputText(r.Output)})
	return append(f, processFigures(r.BytesRead, r.BytesSpilled, r.PeakMemory, r.Memory, r.Seconds)...)
}

func (r *Result) figures() []figure {
	return []figure{
		{"purchases", countText(r.Purchases)},
		{"revenue", amountText(r.Revenue)},
		{"days", r.daysText()},
	}
}

// processFigures are what a process took.
func processFigures(read, spilled, peak, limit uint64, seconds float64) []figure {
	return []figure{
		{"bytes read", readText(read, seconds)},
		{"bytes spilled", humanize.IBytes(spilled)},
		{"peak memory", fmt.Sprintf("%s of %s", humanize.IBytes(peak), humanize.IBytes(limit))},
		{"seconds", strconv.FormatFloat(seconds, 'f', -1, 64)},
	}
}

func readText(bytes uint64, seconds float64) string {
	text := humanize.IBytes(bytes)
	// With less, it is mostly the time that it takes to start.
	const enough, measurable = 1 << 20, 0.1
	if bytes >= enough && seconds >= measurable {
		text += fmt.Sprintf(", %s a second", humanize.IBytes(uint64(float64(bytes)/seconds)))
	}
	return text
}

func outputText(path string) string {
	if path == "-" {
		return "standard output"
	}
	return path
}

// Text returns the report for a person at a terminal: a line for each figure.
func (r *Merge) Text() string {
	var b strings.Builder
	for _, f := range r.figures() {
		fmt.Fprintf(&b, figureLine, f.Name, f.Text)
	}
	return b.String()
}

const figureLine = "%14s  %s\n"

// Text returns the report for a person at a terminal: a line for each figure, and the codes
// of invalid events.
func (r *Report) Text() string {
	var b strings.Builder
	for _, f := range r.figures() {
		fmt.Fprintf(&b, figureLine, f.Name, f.Text)
		if f.Name == "invalid" {
			for _, code := range r.codes() {
				fmt.Fprintf(&b, figureLine, "", countText(r.InvalidByCode[code])+" "+code)
			}
		}
	}
	return b.String()
}

// codes are the codes of invalid events, the most frequent first.
func (r *Report) codes() []string {
	codes := make([]string, 0, len(r.InvalidByCode))
	for code := range r.InvalidByCode {
		codes = append(codes, code)
	}
	slices.SortFunc(codes, func(a, b string) int {
		if na, nb := r.InvalidByCode[a], r.InvalidByCode[b]; na != nb {
			return int(int64(nb) - int64(na))
		}
		return strings.Compare(a, b)
	})
	return codes
}

func (r *Report) invalidText() string {
	percent := 100 * float64(r.Invalid) / float64(max(r.Events+r.Invalid, 1))
	switch {
	case r.Invalid == 0:
		return "0"
	case percent < 0.01:
		return countText(r.Invalid) + ", under 0.01 %"
	default:
		return fmt.Sprintf("%s, %.3g %%", countText(r.Invalid), percent)
	}
}

func (r *Result) daysText() string {
	switch r.Days {
	case 0:
		return "0"
	case 1:
		return "1, " + r.FirstDay.String()
	default:
		return fmt.Sprintf("%s, %s to %s", humanize.Comma(int64(r.Days)), r.FirstDay, r.LastDay)
	}
}
