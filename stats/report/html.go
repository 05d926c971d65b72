package report

import (
	"fmt"
	"html"
	"math"
	"strconv"
	"strings"

	"dailystats/stats"
	"dailystats/stats/report/chart"

	"github.com/dustin/go-humanize"
)

// htmlPage is a page that stands alone: it needs no network.
type htmlPage struct {
	strings.Builder
	report *Report
}

const style = `
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; color: #1a1a1a; background: #fff; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2.5rem; }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(11rem, 1fr)); gap: 1rem; }
dt { color: #5f6670; font-size: .85rem; } dd { margin: 0; font-size: 1.25rem; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { padding: .35rem .5rem; text-align: left; vertical-align: top; border-bottom: 1px solid #dfe3e8; }
td.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td code { overflow-wrap: anywhere; font-size: .85rem; }
svg { display: block; width: 100%; min-width: 34rem; height: auto; margin: .5rem 0; }
@media (prefers-color-scheme: dark) {
	body { color: #e6e6e6; background: #16181c; }
	dt { color: #9aa3ad; } th, td { border-color: #333840; }
	svg { filter: invert(.9) hue-rotate(180deg); }
}
`

// HTML returns the report as a page that needs no network, with charts.
func (r *Report) HTML() string {
	p := &htmlPage{report: r}
	p.write()
	return p.String()
}

func (p *htmlPage) write() {
	p.WriteString("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n" +
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n" +
		"<link rel=\"icon\" href=\"data:,\"/>\n<title>dailystats</title>\n<style>" + style + "</style>\n</head>\n<body>\n<h1>dailystats</h1>\n")
	p.summary()
	if p.report.Result != nil {
		p.result(p.report.Result.ByDay)
	}
	p.invalid()
	p.element("h2", "The run")
	for _, lines := range courseCharts(p.report.Course) {
		p.lines(lines)
	}
	p.WriteString("</body>\n</html>\n")
}

// summary is what a person wants to know first.
func (p *htmlPage) summary() {
	p.WriteString("<dl>\n")
	for _, f := range p.report.figures() {
		fmt.Fprintf(p, "<div><dt>%s</dt><dd>%s</dd></div>\n", html.EscapeString(f.name), html.EscapeString(f.text))
	}
	p.WriteString("</dl>\n")
}

// result draws what the events of each day add up to.
func (p *htmlPage) result(t *Days) {
	if len(t.days) > 1 {
		p.days(t)
	}
	if len(t.days) > 0 {
		p.element("h2", "Users")
		p.bars(t.distribution())
	}
}

func (p *htmlPage) days(t *Days) {
	each := "per day"
	if t.width > 1 {
		each = fmt.Sprintf("per %d days", t.width)
	}
	p.element("h2", "By day")
	for _, f := range []struct {
		title string
		of    func(*Daily) float64
	}{
		{"Revenue ", func(d *Daily) float64 { f, _ := strconv.ParseFloat(d.Revenue.String(), 64); return f }},
		{"Events ", func(d *Daily) float64 { return float64(d.Events) }},
		{"Purchases ", func(d *Daily) float64 { return float64(d.Purchases) }},
		{"Active users ", func(d *Daily) float64 { return float64(d.Users) }},
	} {
		p.lines(chart.Lines{
			Title: f.title + each,
			X:     chart.Axis{Tight: true, Format: dayText},
			Y:     chart.Axis{Format: figureText},
			Lines: []chart.Line{{Points: t.points(f.of)}},
		})
	}
}

// points are one figure of all days. Days without events are there, too.
func (t *Days) points(of func(*Daily) float64) []chart.Point {
	points := make([]chart.Point, 0, len(t.days))
	for i := range t.days {
		d := &t.days[i]
		if i > 0 {
			before, gap := float64(t.days[i-1].Day+t.width), float64(d.Day-t.width)
			if t.days[i-1].Day+t.width < d.Day {
				points = append(points, chart.Point{X: before}, chart.Point{X: gap})
			}
		}
		points = append(points, chart.Point{X: float64(d.Day), Y: of(d)})
	}
	return points
}

// distribution shows how many events users have a day.
func (t *Days) distribution() chart.Bars {
	c := chart.Bars{Title: "Events of a user on a day, and how many rows of the result have so many"}
	for bits, rows := range t.sizes {
		if rows == 0 {
			continue
		}
		least, most := uint64(1)<<(bits-1), uint64(1)<<(bits-1)*2-1
		label := humanize.Comma(int64(least))
		if most > least {
			label += " – " + humanize.Comma(int64(most))
		}
		c.Bars = append(c.Bars, chart.Bar{Label: label, Value: float64(rows), Text: countText(rows), Highlight: true})
	}
	return c
}

// invalid lists the codes of invalid events, each with the first ones.
func (p *htmlPage) invalid() {
	if p.report.Invalid == 0 {
		return
	}
	p.element("h2", "Invalid events")
	p.WriteString("<div class=\"wide\"><table>\n<tr><th>reason</th><th>events</th><th>the first ones</th></tr>\n")
	code := ""
	for _, s := range p.report.Samples {
		if p.report.InvalidByCode[s.Code] == 0 {
			continue // it was found when the run was already over
		}
		if s.Code != code {
			if code != "" {
				p.WriteString("</td></tr>\n")
			}
			code = s.Code
			fmt.Fprintf(p, "<tr><td>%s</td><td class=\"number\">%s</td><td>", code, countText(p.report.InvalidByCode[code]))
		}
		fmt.Fprintf(p, "<code>%s</code><br/>\n", html.EscapeString(printable(fmt.Sprintf("%s:%d: %s", s.Input, s.Line, s.Message))))
	}
	if code != "" {
		p.WriteString("</td></tr>\n")
	}
	p.WriteString("</table></div>\n")
}

// printable replaces what would change how other text is shown.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if strconv.IsPrint(r) {
			return r
		}
		return '\uFFFD'
	}, text)
}

func (p *htmlPage) lines(c chart.Lines) { p.chart(c.AppendSVG(nil)) }
func (p *htmlPage) bars(c chart.Bars)   { p.chart(c.AppendSVG(nil)) }

func (p *htmlPage) chart(svg []byte) {
	fmt.Fprintf(p, "<div class=\"wide\">%s</div>\n", svg)
}

func (p *htmlPage) element(name, text string) {
	fmt.Fprintf(p, "<%s>%s</%s>\n", name, html.EscapeString(text), name)
}

// dayText is a day on an axis; between days there is nothing to be said.
func dayText(x float64) string {
	if x != math.Trunc(x) || x < 0 || x > float64(stats.MaxDay) {
		return ""
	}
	return stats.Day(x).String()
}

// figureText is a figure on an axis: 2.5k, 1M.
func figureText(y float64) string {
	n, unit := humanize.ComputeSI(y)
	return humanize.Ftoa(n) + unit
}

func countText(n uint64) string { return humanize.Comma(int64(min(n, math.MaxInt64))) }

// courseCharts draws how fast the inputs were read, and the memory that the run took.
func courseCharts(course []Moment) []chart.Lines {
	var speed, memory []chart.Point
	for i, m := range course {
		memory = append(memory, chart.Point{X: m.Seconds, Y: float64(m.Memory) / (1 << 20)})
		if i > 0 && m.Seconds > course[i-1].Seconds {
			before := course[i-1]
			speed = append(speed, chart.Point{X: m.Seconds, Y: float64(m.Read-before.Read) / 1e6 / (m.Seconds - before.Seconds)})
		}
	}
	seconds := chart.Axis{Label: "seconds", Tight: true}
	return []chart.Lines{
		{Title: "Input read, MB/s", X: seconds, Y: chart.Axis{Format: figureText}, Lines: []chart.Line{{Points: speed}}},
		{Title: "Peak memory so far, MiB", X: seconds, Y: chart.Axis{}, Lines: []chart.Line{{Points: memory}}},
	}
}
