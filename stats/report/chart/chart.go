// Package chart draws charts as SVG, for pages and documents that stand alone:
// no script, no fonts and nothing else that would have to be fetched.
//
//   - bars.go: [Bars], figures side by side;
//   - lines.go: [Lines], figures that change with another;
//   - scale.go: from figures to pixels, and round figures along an axis;
//   - svg.go: text, lines and boxes as XML.
//
// A chart is legible in a README on a dark page as on a white one, says what it
// shows to those who can't see it, and does not rely on colours alone. Any
// figures and texts give a picture: what has no place on its axis is left out.
package chart

// colours are told apart by the colour-blind, too: those of Okabe and Ito,
// "Color Universal Design", but for yellow, which is too light for white.
var colours = [...]string{"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#1a1a1a"}

// Colours of bars.
const (
	strong = "#0072b2"
	weak   = "#a9b4c0"
)
