package bench

import (
	"context"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"

	"dailystats/stats/report/chart"
)

// drawing is a chart and the name of its file.
type drawing struct {
	name string
	svg  []byte
}

// CreateCharts writes each chart as a file of its own, NAME.svg, to a folder,
// which it makes if it isn't there.
func (r *Result) CreateCharts(ctx context.Context, folder string) error {
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return err
	}
	for _, d := range r.drawings() {
		err := create(ctx, chartFile(folder, d.name), func(w io.Writer) error {
			_, err := w.Write(d.svg)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// ChartFiles returns all files that CreateCharts may write to a folder.
func ChartFiles(folder string) []string {
	names := []string{throughputName, memoryName}
	for _, users := range []Users{Same, Distinct} {
		for _, f := range []figure{wallTime, peakMemoryMiB} {
			names = append(names, f.chartName(users))
		}
	}
	files := make([]string, len(names))
	for i, name := range names {
		files[i] = chartFile(folder, name)
	}
	return files
}

const throughputName, memoryName = "throughput", "memory"

func chartFile(folder, name string) string { return filepath.Join(folder, name+".svg") }

// drawings are the charts that there are figures for: tools side by side on one
// workload, and how they grow over those that were generated.
func (r *Result) drawings() []drawing {
	var all []drawing
	if w := r.sideBySide(); w != nil {
		all = append(all,
			drawing{throughputName, w.throughput().AppendSVG(nil)},
			drawing{memoryName, w.memory().AppendSVG(nil)})
	}
	for _, users := range []Users{Same, Distinct} {
		for _, f := range []figure{wallTime, peakMemoryMiB} {
			isGrowth := func(l chart.Line) bool { return len(l.Points) > 1 }
			if lines := r.growth(users, f); slices.ContainsFunc(lines, isGrowth) {
				all = append(all, drawing{f.chartName(users), f.against(users, lines).AppendSVG(nil)})
			}
		}
	}
	return all
}

// sideBySide is the workload on which the tools are compared: the user's own
// files, else the largest of the others.
func (r *Result) sideBySide() (largest *Workload) {
	for i := range r.Workloads {
		w := &r.Workloads[i]
		switch {
		case w.Events == 0:
		case w.Users == "":
			return w
		case largest == nil || w.Bytes > largest.Bytes:
			largest = w
		}
	}
	return largest
}

func (w *Workload) throughput() chart.Bars {
	return w.bars("Throughput: "+w.Name, false, func(r *Row) (float64, string) {
		rate := float64(w.Bytes) / 1e6 / r.Median.Wall
		return rate, formatRate(rate) + " MB/s"
	})
}

func (w *Workload) memory() chart.Bars {
	return w.bars("Peak memory, on a logarithmic scale: "+w.Name, true, func(r *Row) (float64, string) {
		return peakMemoryMiB.of(r), formatPeak(r.Median.Peak)
	})
}

// bars draws one figure of every tool that does the job.
func (w *Workload) bars(title string, log bool, figureOf func(*Row) (float64, string)) chart.Bars {
	c := chart.Bars{Title: title, Log: log}
	for i := range w.Rows {
		r := &w.Rows[i]
		if r.kind == floor {
			continue
		}
		bar := chart.Bar{Label: r.name() + r.settings(), Value: math.NaN(), Text: cut(r.Failed), Highlight: r.kind == ours}
		if len(r.Runs) > 0 {
			bar.Value, bar.Text = figureOf(r)
		}
		c.Bars = append(c.Bars, bar)
	}
	return c
}

// settings are what a row has beside its name, in a chart.
func (r *Row) settings() (text string) {
	if r.Memory > 0 {
		text += ", " + formatSize(r.Memory)
	}
	if r.kind == ours && r.Parallel > 0 {
		text += fmt.Sprintf(", %d workers", r.Parallel)
	}
	return text
}

// figure is one that grows with the workload.
type figure struct {
	name, title, unit string
	of                func(*Row) float64
}

var (
	wallTime      = figure{"time", "Time", "s", func(r *Row) float64 { return r.Median.Wall }}
	peakMemoryMiB = figure{"memory", "Peak memory", "MiB", func(r *Row) float64 { return float64(r.Median.Peak) / mib }}
)

// chartName is that of a chart of the figure against the number of events.
func (f figure) chartName(users Users) string { return f.name + "-by-" + users.axis() }

// axis is what grows where there are such users.
func (u Users) axis() string {
	if u == Same {
		return "events"
	}
	return "users"
}

func (f figure) against(users Users, lines []chart.Line) chart.Lines {
	title := fmt.Sprintf("%s against %s", f.title, users.axis())
	if users == Same {
		title += ", of " + users.words()
	} else {
		title += ", with an event each"
	}
	return chart.Lines{
		Title: title,
		X:     chart.Axis{Label: users.axis(), Log: true, Format: formatCount},
		Y:     chart.Axis{Label: f.unit, Log: true, Format: formatTick},
		Lines: lines,
	}
}

// growth draws a line over generated workloads for each tool, the peers without
// a limit.
func (r *Result) growth(users Users, f figure) []chart.Line {
	var lines []chart.Line
	index := make(map[string]int)
	for i := range r.Workloads {
		w := &r.Workloads[i]
		if w.Users != users || w.Events == 0 {
			continue
		}
		for j := range w.Rows {
			row := &w.Rows[j]
			if row.kind == floor || row.kind == peer && row.Memory > 0 || len(row.Runs) == 0 {
				continue
			}
			label := row.Tool + row.settings()
			at, known := index[label]
			if !known {
				at = len(lines)
				index[label] = at
				lines = append(lines, chart.Line{Label: label})
			}
			lines[at].Points = append(lines[at].Points, chart.Point{X: float64(w.Events), Y: f.of(row)})
		}
	}
	return lines
}

// page is what page.tmpl shows. It has no fonts or pictures from elsewhere: it needs no network.
type page struct {
	Method    string
	Charts    []template.HTML
	Workloads []pageWorkload
	Notes     []string
}

type pageWorkload struct {
	Summary, Failed string
	Headings        []string
	Rows            []pageRow
}

type pageRow struct {
	Own   bool
	Cells []string
}

//go:embed page.tmpl
var pageText string

var pageTemplate = template.Must(template.New("page").Parse(pageText))

// WritePage writes the result as an HTML page with tables and charts.
func (r *Result) WritePage(out io.Writer) error {
	p := page{Method: r.method(), Notes: r.Notes}
	for _, d := range r.drawings() {
		p.Charts = append(p.Charts, template.HTML(d.svg)) // it escapes its texts itself
	}
	for i := range r.Workloads {
		w := &r.Workloads[i]
		shown := pageWorkload{Summary: w.summary(), Failed: w.Failed, Headings: headings()}
		for j := range w.Rows {
			shown.Rows = append(shown.Rows, pageRow{w.Rows[j].kind == ours, w.cells(&w.Rows[j])})
		}
		p.Workloads = append(p.Workloads, shown)
	}
	return pageTemplate.Execute(out, p)
}
