package chart

import (
	"math"
	"slices"
	"strconv"
)

// scale maps figures to pixels.
type scale struct {
	log      bool
	least    float64 // figure at the pixel from
	most     float64 // figure at the pixel to
	from, to float64
	ticks    []float64
}

// tighten makes the scale end at the least and the largest of its figures.
func (s *scale) tighten(figures []float64) {
	if len(figures) == 0 || slices.Min(figures) == slices.Max(figures) {
		return
	}
	s.least, s.most = slices.Min(figures), slices.Max(figures)
	s.ticks = slices.DeleteFunc(s.ticks, func(tick float64) bool { return tick < s.least || tick > s.most })
}

// newScale returns a scale over all figures that it can show, with its ends at
// round ones, and over 0 if that is wanted and can be shown.
func newScale(figures []float64, log, zero bool, from, to float64) scale {
	least, most := math.Inf(1), math.Inf(-1)
	for _, f := range figures {
		if shown(f, log) {
			least, most = min(least, f), max(most, f)
		}
	}
	if least > most { // there is none
		least, most = 1, 10
	}
	if zero && !log {
		least, most = min(least, 0), max(most, 0)
	}
	s := scale{log: log, from: from, to: to}
	if log {
		s.ticks = logTicks(least, most)
	} else {
		s.ticks = linearTicks(least, most)
	}
	s.least, s.most = s.ticks[0], s.ticks[len(s.ticks)-1]
	return s
}

// Figures beyond these bounds can't be calculated with.
const (
	leastFigure = 1e-200
	mostFigure  = 1e200
)

// shown reports whether a scale has a place for a figure.
func shown(f float64, log bool) bool {
	return math.Abs(f) < mostFigure && (!log || f > leastFigure)
}

func (s *scale) at(f float64) float64 {
	least, most := s.least, s.most
	if s.log {
		f, least, most = math.Log(f), math.Log(least), math.Log(most)
	}
	return s.from + (f-least)/(most-least)*(s.to-s.from)
}

// linearTicks returns round figures, 1, 2 or 5 times a power of ten apart, the
// first not above least and the last not below most.
func linearTicks(least, most float64) []float64 {
	const about = 5.0
	if most-least < leastFigure+1e-9*math.Abs(most) {
		most = least + max(1, math.Abs(least))
	}
	power := math.Pow(10, math.Floor(math.Log10((most-least)/about)))
	step := power
	for _, factor := range []float64{1, 2, 5, 10} {
		if step = factor * power; (most-least)/step <= about+0.5 {
			break
		}
	}
	var ticks []float64
	for i := math.Floor(least / step); ; i++ {
		ticks = append(ticks, round(i*step))
		if i*step >= most*(1-1e-12) {
			return ticks
		}
	}
}

// logTicks returns powers of ten, with 2 and 5 times them where there are few,
// and not all of them where there are many: the first is not above least and the
// last not below most.
func logTicks(least, most float64) []float64 {
	const few, many = 3, 12 // powers
	factors, step := []float64{1}, 1.0
	switch powers := math.Log10(most) - math.Log10(least); {
	case powers < few:
		factors = []float64{1, 2, 5}
	case powers > many:
		step = math.Ceil(powers / many)
	}
	var ticks []float64
	for power := powerBelow(least); ; power += step {
		for _, factor := range factors {
			tick := round(factor * math.Pow(10, power))
			if tick <= least {
				ticks = ticks[:0]
			}
			ticks = append(ticks, tick)
			if tick >= most*(1-1e-12) && len(ticks) > 1 {
				return ticks
			}
		}
	}
}

// powerBelow returns the largest n for which 10^n is not above f.
func powerBelow(f float64) float64 { return math.Floor(math.Log10(f) + 1e-12) }

// round drops what binary fractions add to decimal ones.
func round(f float64) float64 {
	text := strconv.FormatFloat(f, 'g', 12, 64)
	rounded, _ := strconv.ParseFloat(text, 64)
	return rounded
}

// plain writes a figure as it is.
func plain(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }
