package pipeline

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestHTML proves that the page shows what was seen, that nothing in the events
// or in a name becomes a part of it, and that it asks for nothing.
func TestHTML(t *testing.T) {
	dir := t.TempDir()
	in := filepath.Join(dir, "<script>alert(1)<\u202e.jsonl")
	var lines strings.Builder
	for i := range 400 {
		fmt.Fprintf(&lines, `{"user_id":%d,"event_type":"purchase","timestamp":"2024-%03dT00Z","amount":1.25}`+"\n", i%7, i%366+1)
	}
	for range 5 {
		lines.WriteString(`{"user_id":1,"event_type":"a","timestamp":"</code><img src=http://x>\u001b"}` + "\n")
	}
	if err := os.WriteFile(in, []byte(lines.String()), 0o600); err != nil {
		t.Skip("no file can have such a name here: ", err)
	}
	o := Options{Inputs: []string{in}, Output: "-", Stdout: io.Discard, HTML: filepath.Join(dir, "page"), TempDir: dir}
	if _, err := Run(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(o.HTML)
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	for _, want := range []string{"500.00", "366, 2024-01-01 to 2024-12-31", "Revenue per day", "timestamp_invalid", "&lt;/code&gt;&lt;img src=http://x&gt;", "&lt;script&gt;"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not on the page", want)
		}
	}
	if strings.Count(text, "<code>") != mostSamples {
		t.Errorf("there are %d samples", strings.Count(text, "<code>"))
	}
	for _, unwanted := range []string{"<script", "<img", "src=\"", "@import", "url(", "\u202e", "\x1b", "NaN"} {
		if strings.Contains(text, unwanted) {
			t.Errorf("%q is on the page", unwanted)
		}
	}
	if n := strings.Count(strings.ReplaceAll(text, `xmlns="http://www.w3.org/2000/svg"`, ""), `="http`); n != 0 {
		t.Errorf("%d references", n)
	}
	checkWellFormed(t, text)
}

func checkWellFormed(t *testing.T, text string) {
	d := xml.NewDecoder(strings.NewReader(text))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Errorf("the page is not well-formed: %v", err)
			return
		}
	}
}

// TestCourse proves that a long run takes no more memory than a short one.
func TestCourse(t *testing.T) {
	c := course{every: firstDistance}
	for i := range 5000 {
		c.add(Progress{BytesRead: int64(i)})
	}
	if len(c.moments) > mostMoments || c.moments[0].Read != 0 || c.every < 100*firstDistance {
		t.Errorf("%d moments, every %v", len(c.moments), c.every)
	}
}
