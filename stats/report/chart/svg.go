package chart

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// canvas collects the elements of a picture. Coordinates are pixels from the
// upper left corner.
type canvas struct {
	text          strings.Builder
	width, height float64
}

// Sizes in pixels.
const (
	width     = 880.0 // of every chart
	fontSize  = 14.0
	titleSize = 16.0
	padding   = 16.0
	lineGap   = 19.0 // from one line of text to the next
)

// Colours.
const (
	ink  = "#1a1a1a"
	grey = "#5f6670"
	grid = "#dfe3e8"
)

// anchor says which end of a text is at its x.
type anchor string

const (
	start  anchor = "start"
	middle anchor = "middle"
	end    anchor = "end"
)

func (c *canvas) label(x, y float64, a anchor, colour, text string) {
	fmt.Fprintf(&c.text, "<text x=\"%s\" y=\"%s\" text-anchor=\"%s\" fill=\"%s\">%s</text>\n", num(x), num(y), a, colour, escape(text))
}

func (c *canvas) title(text string) {
	fmt.Fprintf(&c.text, "<text x=\"%s\" y=\"%s\" font-size=\"%s\" font-weight=\"600\" fill=\"%s\">%s</text>\n",
		num(padding), num(padding+titleSize), num(titleSize), ink, escape(shorten(text, c.width-2*padding, titleSize)))
}

func (c *canvas) line(x1, y1, x2, y2 float64, colour string) {
	fmt.Fprintf(&c.text, "<line x1=\"%s\" y1=\"%s\" x2=\"%s\" y2=\"%s\" stroke=\"%s\"/>\n", num(x1), num(y1), num(x2), num(y2), colour)
}

func (c *canvas) rect(x, y, w, h float64, colour string) {
	fmt.Fprintf(&c.text, "<rect x=\"%s\" y=\"%s\" width=\"%s\" height=\"%s\" fill=\"%s\"/>\n", num(x), num(y), num(w), num(h), colour)
}

// appendTo appends the picture. It is white, for readers whose page is dark.
func (c *canvas) appendTo(dst []byte, title, description string) []byte {
	dst = fmt.Appendf(dst, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %[1]s %[2]s\" width=\"%[1]s\" height=\"%[2]s\" "+
		"role=\"img\" font-family=\"system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif\" font-size=\"%[3]s\">\n",
		num(c.width), num(c.height), num(fontSize))
	dst = fmt.Appendf(dst, "<title>%s</title>\n<desc>%s</desc>\n", escape(title), escape(description))
	dst = fmt.Appendf(dst, "<rect width=\"%s\" height=\"%s\" rx=\"6\" fill=\"#ffffff\"/>\n", num(c.width), num(c.height))
	dst = append(dst, c.text.String()...)
	return append(dst, "</svg>\n"...)
}

// num writes a coordinate, to a tenth of a pixel.
func num(x float64) string {
	return strconv.FormatFloat(math.Round(x*10)/10+0, 'f', -1, 64)
}

var xmlEscapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;")

// escape makes any text one that XML can hold.
func escape(text string) string {
	text = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == 0xfffe || r == 0xffff {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "\uFFFD"))
	return xmlEscapes.Replace(text)
}

// textWidth is about the width of a text, and rather too much.
func textWidth(text string, size float64) float64 {
	const perRune = 0.58
	return float64(utf8.RuneCountInString(text)) * size * perRune
}

// shorten cuts a text so that it is no wider than that.
func shorten(text string, width, size float64) string {
	if textWidth(text, size) <= width {
		return text
	}
	runes := []rune(text)
	for len(runes) > 0 && textWidth(string(runes)+"…", size) > width {
		runes = runes[:len(runes)-1]
	}
	return strings.TrimRight(string(runes), " ") + "…"
}
