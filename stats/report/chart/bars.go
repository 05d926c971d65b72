package chart

import (
	"fmt"
	"math"
	"strings"
)

// Bars are horizontal bars, one below the other.
type Bars struct {
	Title string
	Log   bool // scale; bars start at a round figure below the least
	Bars  []Bar
}

// Bar is one figure. One that can't be shown, such as NaN, has no bar, only its
// text.
type Bar struct {
	Label     string
	Value     float64
	Text      string // behind the bar: the figure, or why there is none
	Highlight bool
}

// AppendSVG appends the chart.
func (b Bars) AppendSVG(dst []byte) []byte {
	const (
		pitch     = 28.0 // from one bar to the next
		thickness = 18.0
		gap       = 8.0
		baseline  = 4.5 // of a text, below its middle
		head      = padding + titleSize + 20
	)
	c := &canvas{width: width, height: head + pitch*float64(len(b.Bars)) + padding}
	c.title(b.Title)
	left := padding + b.widest(func(bar Bar) string { return bar.Label }, 0.45) + gap
	right := width - padding - gap - b.widest(func(bar Bar) string {
		if !shown(bar.Value, b.Log) {
			return "" // it has the bar's place, too
		}
		return bar.Text
	}, 0.3)
	s := b.scale(left, right)
	c.line(b.zero(s), head, b.zero(s), head+pitch*float64(len(b.Bars)), grey)
	for i, bar := range b.Bars {
		y := head + pitch*(float64(i)+0.5)
		c.label(left-gap, y+baseline, end, ink, shorten(bar.Label, left-gap-padding, fontSize))
		if !shown(bar.Value, b.Log) {
			c.label(left+gap, y+baseline, start, grey, shorten(bar.Text, width-padding-left-gap, fontSize))
			continue
		}
		from, to := min(b.zero(s), s.at(bar.Value)), max(b.zero(s), s.at(bar.Value))
		c.rect(from, y-thickness/2, max(to-from, 1), thickness, bar.colour())
		c.label(to+gap, y+baseline, start, ink, shorten(bar.Text, width-padding-to-gap, fontSize))
	}
	return c.appendTo(dst, b.Title, b.description())
}

// widest is the width of the widest text, but no more than a share of the
// chart's.
func (b Bars) widest(text func(Bar) string, share float64) (widest float64) {
	for _, bar := range b.Bars {
		widest = max(widest, textWidth(text(bar), fontSize))
	}
	return min(widest, width*share)
}

// scale has room for a bar of the least figure, too.
func (b Bars) scale(from, to float64) scale {
	var values []float64
	for _, bar := range b.Bars {
		values = append(values, bar.Value)
		if b.Log && shown(bar.Value, true) {
			values = append(values, math.Pow(10, powerBelow(bar.Value/2)))
		}
	}
	return newScale(values, b.Log, true, from, to)
}

// zero is where bars start.
func (b Bars) zero(s scale) float64 {
	if b.Log {
		return s.from
	}
	return s.at(0)
}

func (b Bar) colour() string {
	if b.Highlight {
		return strong
	}
	return weak
}

// description says what there is to see.
func (b Bars) description() string {
	parts := make([]string, len(b.Bars))
	for i, bar := range b.Bars {
		parts[i] = fmt.Sprintf("%s: %s", bar.Label, bar.Text)
	}
	kind := "Bars"
	if b.Log {
		kind = "Bars on a logarithmic scale"
	}
	return kind + ". " + strings.Join(parts, "; ") + "."
}
