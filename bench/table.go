package bench

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"unicode/utf8"

	"github.com/dustin/go-humanize"
)

// column is one figure of a row, for people.
type column struct {
	name string
	cell func(w *Workload, r *Row) string
}

var columns = []column{
	{"tool", func(_ *Workload, r *Row) string { return r.name() }},
	{"limit", func(_ *Workload, r *Row) string { return r.limit() }},
	{"workers", func(_ *Workload, r *Row) string { return r.workers() }},
	{"time", func(_ *Workload, r *Row) string { return formatSeconds(r.Median.Wall) }},
	{"from – to", func(_ *Workload, r *Row) string {
		least, most := r.spread()
		return formatSeconds(least) + " – " + formatSeconds(most)
	}},
	{"CPU", func(_ *Workload, r *Row) string { return formatSeconds(r.Median.CPU()) }},
	{"peak memory", func(_ *Workload, r *Row) string { return formatPeak(r.Median.Peak) }},
	{"spilled", func(_ *Workload, r *Row) string { return formatSpilled(r.Spilled) }},
	{"MB/s", func(w *Workload, r *Row) string { return formatRate(float64(w.Bytes) / 1e6 / r.Median.Wall) }},
	{"events/s", func(w *Workload, r *Row) string { return formatCount(float64(w.Events) / r.Median.Wall) }},
	{"× wc", func(w *Workload, r *Row) string { return w.overFloor(r) }},
}

// figures is the index of the first column that only a row with runs has.
const figures = 3

// cells returns a row's texts, with the result as the last one.
func (w *Workload) cells(r *Row) []string {
	var cells []string
	for i, c := range columns {
		if i >= figures && len(r.Runs) == 0 {
			cells = append(cells, "–")
			continue
		}
		cells = append(cells, c.cell(w, r))
	}
	return append(cells, r.outcome())
}

func headings() []string {
	var names []string
	for _, c := range columns {
		names = append(names, c.name)
	}
	return append(names, "result")
}

// name is what a row's tool calls itself, or what we call it.
func (r *Row) name() string { return cmp.Or(r.Version, r.Tool) }

func (r *Row) limit() string {
	switch {
	case r.kind == floor:
		return "–"
	case r.Memory == 0:
		return "none"
	case r.Held:
		return formatSize(r.Memory) + ", held"
	default:
		return formatSize(r.Memory)
	}
}

func (r *Row) workers() string {
	if r.Parallel == 0 {
		return "auto"
	}
	return strconv.Itoa(r.Parallel)
}

// outcome says what is to be said of a row's result.
func (r *Row) outcome() string {
	switch {
	case r.Failed != "":
		return cut(r.Failed)
	case r.Compared != nil:
		return r.Compared.String()
	default:
		return r.Hash
	}
}

func (w *Workload) overFloor(r *Row) string {
	f, found := w.floor()
	if !found || f.Median.Wall == 0 {
		return "–"
	}
	return fmt.Sprintf("%.1f", r.Median.Wall/f.Median.Wall)
}

// summary describes a workload on one line.
func (w *Workload) summary() string {
	text := w.Name
	if w.Bytes > 0 {
		text += ": " + humanize.Bytes(uint64(w.Bytes))
	}
	if w.Events > 0 {
		text += fmt.Sprintf(", %s events, %s rows", humanize.Comma(int64(w.Events)), humanize.Comma(int64(w.ResultRows)))
	}
	return text
}

// method says how it was measured.
func (r *Result) method() string {
	runs := "One run each"
	if r.Runs > 1 {
		runs = fmt.Sprintf("Medians of %d runs in turn", r.Runs)
	}
	return fmt.Sprintf("%s, on %s. %s, behind one that warmed up.", r.Started.Format("2006-01-02"), r.Machine, runs)
}

// expendable are the columns that are left out where a table would be wider than the terminal,
// the first one first. All of them are in the other forms.
var expendable = []string{"from – to", "spilled", "events/s", "CPU", "workers", "× wc", "limit"}

const columnGap = 2

// fit leaves out columns of a table, whose first row are the headings, until it is no wider
// than so many characters, or nothing more can be left out. 0 is any width.
func fit(rows [][]string, width int) [][]string {
	for _, name := range expendable {
		if width == 0 || tableWidth(rows) <= width {
			break
		}
		i := slices.Index(rows[0], name)
		for j := range rows {
			rows[j] = slices.Delete(rows[j], i, i+1)
		}
	}
	return rows
}

func tableWidth(rows [][]string) (width int) {
	for i := range rows[0] {
		widest := 0
		for _, row := range rows {
			widest = max(widest, utf8.RuneCountInString(row[i]))
		}
		width += widest + columnGap
	}
	return width - columnGap
}

// WriteTable writes the result as tables for a terminal of so many characters, or 0 for any.
func (r *Result) WriteTable(out io.Writer, width int) error {
	t := tabwriter.NewWriter(out, 0, 0, columnGap, ' ', 0)
	for i := range r.Workloads {
		w := &r.Workloads[i]
		fmt.Fprintf(t, "%s\n\n", w.summary())
		if w.Failed != "" {
			fmt.Fprintf(t, "%s\n\n", w.Failed)
			continue
		}
		rows := [][]string{headings()}
		for j := range w.Rows {
			rows = append(rows, w.cells(&w.Rows[j]))
		}
		for _, row := range fit(rows, width) {
			fmt.Fprintln(t, strings.Join(row, "\t"))
		}
		fmt.Fprintln(t)
	}
	fmt.Fprintln(t, r.method())
	for _, note := range r.Notes {
		fmt.Fprintln(t, note)
	}
	return t.Flush()
}

// WriteMarkdown writes the same as Markdown.
func (r *Result) WriteMarkdown(out io.Writer) error {
	var text strings.Builder
	for i := range r.Workloads {
		w := &r.Workloads[i]
		fmt.Fprintf(&text, "**%s**\n\n", escapeMarkdown(w.summary()))
		if w.Failed != "" {
			fmt.Fprintf(&text, "%s\n\n", escapeMarkdown(w.Failed))
			continue
		}
		writeMarkdownRow(&text, headings())
		text.WriteString("|" + strings.Repeat("---|", figures) + strings.Repeat("---:|", len(columns)-figures) + "---|\n")
		for j := range w.Rows {
			writeMarkdownRow(&text, w.cells(&w.Rows[j]))
		}
		text.WriteString("\n")
	}
	fmt.Fprintf(&text, "%s\n", escapeMarkdown(r.method()))
	for _, note := range r.Notes {
		fmt.Fprintf(&text, "\n- %s", escapeMarkdown(note))
	}
	_, err := io.WriteString(out, strings.TrimRight(text.String(), "\n")+"\n")
	return err
}

func writeMarkdownRow(text *strings.Builder, cells []string) {
	text.WriteString("|")
	for _, cell := range cells {
		text.WriteString(" " + escapeMarkdown(cell) + " |")
	}
	text.WriteString("\n")
}

var markdownEscapes = strings.NewReplacer("|", `\|`, "<", "&lt;", "*", `\*`, "_", `\_`, "`", "\\`")

func escapeMarkdown(text string) string { return markdownEscapes.Replace(text) }
