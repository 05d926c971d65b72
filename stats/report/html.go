package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"

	"dailystats/stats"
	"dailystats/stats/report/chart"

	"github.com/dustin/go-humanize"
)

// page is an HTML page that stands alone: it needs no network.
type page struct {
	Title, Made       string
	Figures           []figure
	DayCharts, Course []template.HTML
	Days, EarlierDays []dayRow // the last ones, and those before
	Users             template.HTML
	Invalid           []invalidRow
}

// dayRow is a day in the table.
type dayRow struct{ Day, Events, Purchases, Revenue, Users string }

// invalidRow is the events that break a rule.
type invalidRow struct {
	Code, Events string
	Samples      []string
}

// Origin says what a report is of, and where it was made.
type Origin struct {
	Inputs  []string // names of the first inputs
	Others  int      // inputs that are not among those
	Made    time.Time
	Host    string
	Program string // name and version
}

//go:embed page.tmpl
var pageText string

var pageTemplate = template.Must(template.New("page").Parse(pageText))

// HTML returns the report as a page that needs no network, with charts.
func (r *Report) HTML(o Origin) (string, error) {
	p := page{Title: r.title(o), Made: o.text(), Figures: r.figures(), Invalid: r.invalidRows()}
	if r.Result != nil {
		p.addDays(r.Result.ByDay)
	}
	for _, c := range courseCharts(r.Course) {
		p.Course = append(p.Course, drawn(c.AppendSVG(nil)))
	}
	var b strings.Builder
	err := pageTemplate.Execute(&b, p)
	return b.String(), err
}

// drawn is a chart, which escapes its texts itself.
func drawn(svg []byte) template.HTML { return template.HTML(svg) }

// title is the inputs and the days.
func (r *Report) title(o Origin) string {
	text := "dailystats"
	if len(o.Inputs) > 0 {
		text = printable(strings.Join(o.Inputs, ", "))
	}
	if o.Others > 0 {
		text += fmt.Sprintf(" and %s more", humanize.Comma(int64(o.Others)))
	}
	if r.Result == nil || r.Result.Days == 0 {
		return text
	}
	text += ": " + r.Result.FirstDay.String()
	if *r.Result.LastDay != *r.Result.FirstDay {
		text += " to " + r.Result.LastDay.String()
	}
	return text
}

func (o Origin) text() string {
	text := "Made " + o.Made.UTC().Format("2006-01-02 15:04 UTC")
	if o.Host != "" {
		text += " on " + printable(o.Host)
	}
	if o.Program != "" {
		text += " by " + printable(o.Program)
	}
	return text
}

// addDays shows what the events of each day add up to.
func (p *page) addDays(t *Days) {
	if len(t.days) == 0 {
		return
	}
	if len(t.days) > 1 {
		p.DayCharts = t.charts()
	}
	const open = 31
	rows := make([]dayRow, 0, len(t.days))
	for i := range t.days {
		rows = append(rows, t.row(&t.days[i]))
	}
	first := max(len(rows)-open, 0)
	p.EarlierDays, p.Days = rows[:first], rows[first:]
	p.Users = drawn(t.distribution().AppendSVG(nil))
}

func (t *Days) row(d *Daily) dayRow {
	day := d.Day.String()
	if t.width > 1 {
		day += " and " + strconv.Itoa(int(t.width-1)) + " more"
	}
	return dayRow{day, countText(d.Events), countText(d.Purchases), amountText(d.Revenue), countText(d.Users)}
}

// charts draws each figure by day.
func (t *Days) charts() (charts []template.HTML) {
	each := "per day"
	if t.width > 1 {
		each = fmt.Sprintf("per %d days", t.width)
	}
	for _, f := range []struct {
		title string
		of    func(*Daily) float64
	}{
		{"Revenue ", func(d *Daily) float64 { f, _ := strconv.ParseFloat(d.Revenue.String(), 64); return f }},
		{"Events ", func(d *Daily) float64 { return float64(d.Events) }},
		{"Purchases ", func(d *Daily) float64 { return float64(d.Purchases) }},
		{"Active users ", func(d *Daily) float64 { return float64(d.Users) }},
	} {
		c := chart.Lines{
			Title: f.title + each,
			X:     chart.Axis{Tight: true, Format: dayText},
			Y:     chart.Axis{Format: figureText},
			Lines: []chart.Line{{Points: t.points(f.of)}},
		}
		charts = append(charts, drawn(c.AppendSVG(nil)))
	}
	return charts
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

// invalidRows are the codes of invalid events, each with the first ones.
func (r *Report) invalidRows() (rows []invalidRow) {
	for _, s := range r.Samples {
		n := r.InvalidByCode[s.Code]
		if n == 0 {
			continue // it was found when the run was already over
		}
		if last := len(rows) - 1; last < 0 || rows[last].Code != s.Code {
			rows = append(rows, invalidRow{Code: s.Code, Events: countText(n)})
		}
		row := &rows[len(rows)-1]
		row.Samples = append(row.Samples, printable(fmt.Sprintf("%s:%d: %s", s.Input, s.Line, s.Message)))
	}
	return rows
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

// amountText is an amount with its thousands apart.
func amountText(a stats.Amount) string {
	whole, fraction, _ := strings.Cut(a.String(), ".")
	if n, ok := new(big.Int).SetString(whole, 10); ok {
		whole = humanize.BigComma(n)
	}
	return whole + "." + fraction
}

func countText(n uint64) string { return humanize.Comma(int64(min(n, math.MaxInt64))) }

// courseCharts draws how fast the inputs were read, and the memory that the run took.
func courseCharts(course []Moment) []chart.Lines {
	var speed, memory []chart.Point
	for i, m := range course {
		memory = append(memory, chart.Point{X: m.Seconds, Y: float64(m.Memory) / (1 << 20)})
		if i > 0 && m.Seconds > course[i-1].Seconds {
			before := course[i-1]
			speed = append(speed, chart.Point{X: m.Seconds, Y: float64(m.Read-before.Read) / (1 << 20) / (m.Seconds - before.Seconds)})
		}
	}
	seconds := chart.Axis{Label: "seconds", Tight: true}
	return []chart.Lines{
		{Title: "Input read, MiB/s", X: seconds, Y: chart.Axis{Format: figureText}, Lines: []chart.Line{{Points: speed}}},
		{Title: "Peak memory so far, MiB", X: seconds, Y: chart.Axis{}, Lines: []chart.Line{{Points: memory}}},
	}
}
