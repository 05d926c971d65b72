package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
)

// figure is a part of a report, for a person.
type figure struct{ name, text string }

// figures are what a person wants to know about a run first.
func (r *Report) figures() []figure {
	f := []figure{
		{"events", countText(r.Events)},
		{"invalid", r.invalidText()},
	}
	if r.Result != nil {
		f = append(f,
			figure{"purchases", countText(r.Result.Purchases)},
			figure{"revenue", r.Result.Revenue.String()},
			figure{"days", r.Result.daysText()},
			figure{"rows (users of each day)", countText(r.Rows)})
	}
	return append(f,
		figure{"time", r.timeText()},
		figure{"peak memory", fmt.Sprintf("%s of %s", humanize.IBytes(r.PeakMemory), humanize.IBytes(r.Memory))},
		figure{"spilled", humanize.IBytes(r.BytesSpilled)})
}

// Text returns the report for a person at a terminal: a line for each figure, and the codes
// of invalid events.
func (r *Report) Text() string {
	var b strings.Builder
	for _, f := range r.figures() {
		name, _, _ := strings.Cut(f.name, " (")
		fmt.Fprintf(&b, "%12s  %s\n", name, f.text)
		if f.name == "invalid" {
			for _, code := range r.codes() {
				n := r.InvalidByCode[code]
				fmt.Fprintf(&b, "%12s  %s %s\n", "", countText(n), code)
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

func (r *Report) timeText() string {
	text := time.Duration(r.Seconds * float64(time.Second)).Round(time.Millisecond).String()
	const measurable = 0.1 // less is mostly the time that it takes to start
	if r.Seconds >= measurable {
		text += fmt.Sprintf(", %s at %.0f MB/s", humanize.Bytes(r.BytesRead), float64(r.BytesRead)/1e6/r.Seconds)
	}
	return text
}
