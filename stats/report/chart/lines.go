package chart

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Lines are figures that change with another one.
type Lines struct {
	Title string
	X, Y  Axis
	Lines []Line
}

// Axis is one of two.
type Axis struct {
	Label  string
	Log    bool
	Tight  bool                 // it ends at the least and the largest figure, not at round ones
	Format func(float64) string // of the figures along it; plain if nil
}

// Line is one sequence of points, from left to right. Those that an axis can't
// show are left out.
type Line struct {
	Label  string
	Points []Point
}

// Point is one figure over another.
type Point struct{ X, Y float64 }

// plot is where lines are drawn.
type plot struct {
	*canvas
	left, right, top, bottom float64
	x, y                     scale
}

// AppendSVG appends the chart.
func (l Lines) AppendSVG(dst []byte) []byte {
	p := l.plot()
	p.title(l.Title)
	p.axes(l.X, l.Y)
	for i, line := range l.Lines {
		p.draw(i, l.shown(line))
	}
	for _, tag := range l.tags(p) {
		p.tag(tag)
	}
	return p.appendTo(dst, l.Title, l.description())
}

// plot makes room for what there is to draw.
func (l Lines) plot() *plot {
	const (
		least = 240.0 // height
		head  = padding + titleSize + 2*lineGap
		foot  = 2*lineGap + padding
	)
	height := max(least, lineGap*float64(len(l.Lines)))
	p := &plot{
		canvas: &canvas{width: width, height: head + height + foot},
		top:    head,
		bottom: head + height,
	}
	xs, ys := l.figures()
	p.y = newScale(ys, l.Y.Log, true, p.bottom, p.top)
	p.left = padding + p.widestTick(l.Y) + 8
	p.right = width - padding - l.widestLabel() - 20 - 3*markSize
	p.x = newScale(xs, l.X.Log, false, p.left, p.right)
	if l.X.Tight {
		p.x.tighten(xs)
	}
	return p
}

// figures are those of all points that are shown.
func (l Lines) figures() (xs, ys []float64) {
	for _, line := range l.Lines {
		for _, point := range l.shown(line) {
			xs, ys = append(xs, point.X), append(ys, point.Y)
		}
	}
	return xs, ys
}

func (l Lines) shown(line Line) []Point {
	return slices.DeleteFunc(slices.Clone(line.Points), func(p Point) bool {
		return !shown(p.X, l.X.Log) || !shown(p.Y, l.Y.Log)
	})
}

func (l Lines) widestLabel() (widest float64) {
	const share = 0.4
	for _, line := range l.Lines {
		widest = max(widest, textWidth(line.Label, fontSize))
	}
	return min(widest, width*share)
}

func (a Axis) text(f float64) string {
	if a.Format == nil {
		return plain(f)
	}
	return a.Format(f)
}

func (p *plot) widestTick(a Axis) (widest float64) {
	for _, tick := range p.y.ticks {
		widest = max(widest, textWidth(a.text(tick), fontSize))
	}
	return widest
}

// axes draws a line for each round figure, and what the figures are.
func (p *plot) axes(x, y Axis) {
	const below = 4.5 // the baseline of a text, below its middle
	for _, tick := range p.y.ticks {
		at := p.y.at(tick)
		p.line(p.left, at, p.right, at, grid)
		p.label(p.left-8, at+below, end, grey, y.text(tick))
	}
	free := p.left - width // where the next text may start
	for _, tick := range p.x.ticks {
		at := p.x.at(tick)
		p.line(at, p.bottom, at, p.bottom+5, grey)
		half := textWidth(x.text(tick), fontSize) / 2
		if at-half >= free {
			p.label(at, p.bottom+lineGap, middle, grey, x.text(tick))
			free = at + half + 6
		}
	}
	p.line(p.left, p.bottom, p.right, p.bottom, grey)
	p.label((p.left+p.right)/2, p.bottom+2*lineGap, middle, ink, x.Label)
	p.label(padding, p.top-lineGap*0.7, start, ink, y.Label)
}

// dashes tell lines apart without colours, as marks do.
var dashes = [...]string{"", "6 3", "2 3", "9 3 2 3"}

// draw draws a line and its points.
func (p *plot) draw(index int, points []Point) {
	if len(points) == 0 {
		return
	}
	colour := colours[index%len(colours)]
	var path strings.Builder
	for i, point := range points {
		command := "L"
		if i == 0 {
			command = "M"
		}
		fmt.Fprintf(&path, "%s%s %s", command, num(p.x.at(point.X)), num(p.y.at(point.Y)))
	}
	dash := ""
	if pattern := dashes[index%len(dashes)]; pattern != "" {
		dash = fmt.Sprintf(" stroke-dasharray=\"%s\"", pattern)
	}
	fmt.Fprintf(&p.text, "<path d=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\" stroke-linejoin=\"round\"%s/>\n", path.String(), colour, dash)
	const mostMarks = 40
	if len(points) > mostMarks {
		return
	}
	for _, point := range points {
		p.mark(index, p.x.at(point.X), p.y.at(point.Y), colour)
	}
}

// markSize is half of a mark's width.
const markSize = 4.0

// mark draws a point, in one of four forms.
func (p *plot) mark(index int, x, y float64, colour string) {
	const r = markSize
	switch index % 4 {
	case 0:
		fmt.Fprintf(&p.text, "<circle cx=\"%s\" cy=\"%s\" r=\"%s\" fill=\"%s\"/>\n", num(x), num(y), num(r), colour)
	case 1:
		p.rect(x-r, y-r, 2*r, 2*r, colour)
	case 2:
		p.polygon(colour, x, y-r-1, x+r+1, y+r, x-r-1, y+r)
	default:
		p.polygon(colour, x, y-r-1, x+r+1, y, x, y+r+1, x-r-1, y)
	}
}

func (c *canvas) polygon(colour string, coordinates ...float64) {
	texts := make([]string, len(coordinates))
	for i, x := range coordinates {
		texts[i] = num(x)
	}
	fmt.Fprintf(&c.text, "<polygon points=\"%s\" fill=\"%s\"/>\n", strings.Join(texts, " "), colour)
}

// tag is a line's label, beside its last point or as near as there is room.
type tag struct {
	index int
	text  string
	x, y  float64 // of the point
	at    float64 // the label's middle
}

// tags places the labels so that none covers another.
func (l Lines) tags(p *plot) []tag {
	var tags []tag
	for i, line := range l.Lines {
		points := l.shown(line)
		if len(points) == 0 || line.Label == "" {
			continue
		}
		last := points[len(points)-1]
		y := p.y.at(last.Y)
		tags = append(tags, tag{i, line.Label, p.x.at(last.X), y, y})
	}
	slices.SortStableFunc(tags, func(a, b tag) int { return cmp.Compare(a.y, b.y) })
	for i := range tags[min(1, len(tags)):] {
		tags[i+1].at = max(tags[i+1].at, tags[i].at+lineGap)
	}
	limit := p.bottom
	for i := len(tags) - 1; i >= 0; i-- {
		tags[i].at = min(tags[i].at, limit)
		limit = tags[i].at - lineGap
	}
	return tags
}

func (p *plot) tag(t tag) {
	const below = 4.5
	x := p.right + 18
	p.line(t.x+6, t.y, x-4, t.at, grid)
	p.mark(t.index, x+markSize, t.at, colours[t.index%len(colours)])
	p.label(x+3*markSize, t.at+below, start, ink, shorten(t.text, width-padding-x-3*markSize, fontSize))
}

// description says what there is to see.
func (l Lines) description() string {
	parts := make([]string, len(l.Lines))
	for i, line := range l.Lines {
		var points []string
		for _, p := range l.shown(line) {
			points = append(points, l.Y.text(p.Y)+" at "+l.X.text(p.X))
		}
		parts[i] = line.Label + ": " + strings.Join(points, ", ")
	}
	return fmt.Sprintf("%s over %s. %s.", l.Y.Label, l.X.Label, strings.Join(parts, "; "))
}
