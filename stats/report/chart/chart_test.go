package chart

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "write what is drawn into testdata")

func mebibytes(n float64) string { return plain(n) + " MiB" }

var golden = map[string]func() []byte{
	"memory": Bars{Title: "Peak memory, on a logarithmic scale", Log: true, Bars: []Bar{
		{"dailystats, 64 MiB", 53.4, "53.4 MiB", true},
		{"DuckDB 2.0.0", 1577, "1,577 MiB", false},
		{"DuckDB 2.0.0, 64 MiB", math.NaN(), "out of memory", false},
		{"a tool whose name is longer than any that we know of, and then some", 6400, "6,400 MiB", false},
		{"miller", math.NaN(), "not found", false},
	}}.svg,
	"throughput": Bars{Title: "Throughput <&>", Bars: []Bar{
		{"dailystats", 843, "843 MB/s", true}, {"jq", 0, "0 MB/s", false}, {"loss", -120, "-120", false},
	}}.svg,
	"growth": Lines{
		Title: "Memory against users",
		X:     Axis{Label: "users", Log: true},
		Y:     Axis{Label: "peak memory", Log: true, Format: mebibytes},
		Lines: []Line{
			{"dailystats", []Point{{1e3, 24}, {1e6, 53}, {1e8, 54}}},
			{"duckdb", []Point{{1e3, 80}, {1e6, 280}, {1e8, 9000}}},
			{"python", []Point{{1e3, 15}, {1e6, 385}}},
			{"clickhouse", []Point{{1e3, 286}, {1e6, 444}, {1e8, 9100}}},
		},
	}.svg,
	"year": Lines{Title: "Revenue", X: Axis{Label: "day"}, Y: Axis{Label: "revenue"}, Lines: []Line{{"revenue", year()}}}.svg,
}

func (b Bars) svg() []byte  { return b.AppendSVG(nil) }
func (l Lines) svg() []byte { return l.AppendSVG(nil) }

func year() []Point {
	points := make([]Point, 365)
	for i := range points {
		x := float64(i)
		points[i] = Point{739252 + x, math.Round(1000 + 300*math.Sin(x/58) + 90*math.Sin(x))}
	}
	return points
}

// TestGolden proves that pictures which have been looked at are as they were.
func TestGolden(t *testing.T) {
	for name, draw := range golden {
		path := filepath.Join("testdata", name+".svg")
		got := draw()
		if *update {
			if err := os.WriteFile(path, got, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not as it was: look at it, and run this test with -update if it is good", path)
		}
	}
}

// TestTicks proves that the figures along an axis are round, few, and reach over
// all that is shown.
func TestTicks(t *testing.T) {
	for _, test := range []struct {
		least, most float64
		log         bool
		want        []float64
	}{
		{0, 843, false, []float64{0, 200, 400, 600, 800, 1000}},
		{0, 1, false, []float64{0, 0.2, 0.4, 0.6, 0.8, 1}},
		{0, 0.3, false, []float64{0, 0.1, 0.2, 0.3}},
		{-3, 17, false, []float64{-5, 0, 5, 10, 15, 20}},
		{0, 0, false, []float64{0, 0.2, 0.4, 0.6, 0.8, 1}},
		{1, 1e6, true, []float64{1, 10, 100, 1000, 1e4, 1e5, 1e6}},
		{15, 5897, true, []float64{10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000}},
		{53, 53, true, []float64{50, 100}},
		{0.03, 0.03, true, []float64{0.02, 0.05}},
		{10, 10, true, []float64{10, 20}},
		{1, 1e24, true, []float64{1, 100, 1e4, 1e6, 1e8, 1e10, 1e12, 1e14, 1e16, 1e18, 1e20, 1e22, 1e24}},
		{0, 1e-320, false, []float64{0, 0.2, 0.4, 0.6, 0.8, 1}},
	} {
		ticks := linearTicks
		if test.log {
			ticks = logTicks
		}
		if got := ticks(test.least, test.most); !slices.Equal(got, test.want) {
			t.Errorf("from %v to %v: %v, want %v", test.least, test.most, got, test.want)
		}
	}
}

var (
	anyText   = rapid.OneOf(rapid.String(), rapid.Just("a\x00<b>&\"'\xff\u2028]]>"), rapid.StringN(0, 200, -1))
	anyFigure = rapid.OneOf(
		rapid.Float64Range(-1e6, 1e6),
		rapid.SampledFrom([]float64{0, 1, 1, 1, -1, 1e-320, 1e308, -1e308, math.NaN(), math.Inf(1), math.Inf(-1), math.MaxFloat64, math.SmallestNonzeroFloat64}),
		rapid.Float64(),
	)
	anyBar = rapid.Custom(func(t *rapid.T) Bar {
		return Bar{anyText.Draw(t, "label"), anyFigure.Draw(t, "value"), anyText.Draw(t, "text"), rapid.Bool().Draw(t, "highlight")}
	})
	anyPoint = rapid.Custom(func(t *rapid.T) Point { return Point{anyFigure.Draw(t, "x"), anyFigure.Draw(t, "y")} })
	anyLine  = rapid.Custom(func(t *rapid.T) Line {
		return Line{anyText.Draw(t, "label"), rapid.SliceOfN(anyPoint, 0, 50).Draw(t, "points")}
	})
)

// TestAnyBars proves that any figures and texts give a picture.
func TestAnyBars(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		checkPicture(t, Bars{anyText.Draw(t, "title"), rapid.Bool().Draw(t, "log"), rapid.SliceOfN(anyBar, 0, 40).Draw(t, "bars")}.svg())
	})
}

// TestAnyLines proves the same of lines, and that no label covers another.
func TestAnyLines(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := Lines{
			Title: anyText.Draw(t, "title"),
			X:     Axis{Label: "x", Log: rapid.Bool().Draw(t, "log x")},
			Y:     Axis{Label: "y", Log: rapid.Bool().Draw(t, "log y")},
			Lines: rapid.SliceOfN(anyLine, 0, 12).Draw(t, "lines"),
		}
		checkPicture(t, l.svg())
		p := l.plot()
		tags := l.tags(p)
		for i, tag := range tags {
			if tag.at > p.bottom+0.01 || tag.at < p.top-lineGap {
				t.Fatalf("label %d is at %v, outside of %v to %v", i, tag.at, p.top, p.bottom)
			}
			if i > 0 && tag.at-tags[i-1].at < lineGap-0.01 {
				t.Fatalf("labels are at %v and %v", tags[i-1].at, tag.at)
			}
		}
	})
}

// checkPicture fails unless svg is well-formed XML in UTF-8 with all it draws
// within the picture.
func checkPicture(t *rapid.T, svg []byte) {
	if !utf8.Valid(svg) {
		t.Fatalf("not UTF-8: %q", svg)
	}
	var width, height float64
	for decoder := xml.NewDecoder(bytes.NewReader(svg)); ; {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatalf("%v: %s", err, svg)
		}
		element, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		attributes := make(map[string]string)
		for _, a := range element.Attr {
			attributes[a.Name.Local] = a.Value
		}
		if element.Name.Local == "svg" {
			width, height = number(t, attributes["width"]), number(t, attributes["height"])
		}
		for _, x := range []string{"x", "x1", "x2", "cx"} {
			if text, found := attributes[x]; found && !within(number(t, text), width) {
				t.Fatalf("%s is %s, outside of %v: %s", x, text, width, svg)
			}
		}
		for _, y := range []string{"y", "y1", "y2", "cy"} {
			if text, found := attributes[y]; found && !within(number(t, text), height) {
				t.Fatalf("%s is %s, outside of %v: %s", y, text, height, svg)
			}
		}
		for _, f := range strings.FieldsFunc(attributes["d"], func(r rune) bool { return strings.ContainsRune("ML ", r) }) {
			if !within(number(t, f), max(width, height)) {
				t.Fatalf("a line goes to %s: %s", f, svg)
			}
		}
	}
}

func within(x, limit float64) bool { return x >= 0 && x <= limit }

func number(t *rapid.T, text string) float64 {
	x, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(x) || math.IsInf(x, 0) {
		t.Fatalf("%q is no coordinate", text)
	}
	return x
}

// TestShorten proves that long texts are cut and short ones are not.
func TestShorten(t *testing.T) {
	for i := range 40 {
		text := strings.Repeat("é", i)
		short := shorten(text, 100, fontSize)
		if textWidth(short, fontSize) > 100 {
			t.Errorf("%d runes are %v wide", i, textWidth(short, fontSize))
		}
		if fits := textWidth(text, fontSize) <= 100; fits != (short == text) {
			t.Errorf("%d runes are cut to %q", i, short)
		}
	}
	if got := shorten("text", 0, fontSize); got != "…" {
		t.Errorf("without room it is %q", got)
	}
}

func ExampleBars() {
	svg := Bars{Title: "Events", Bars: []Bar{{Label: "Monday", Value: 3, Text: "3"}}}.AppendSVG(nil)
	fmt.Println(strings.Count(string(svg), "<rect"))
	// Output: 2
}
