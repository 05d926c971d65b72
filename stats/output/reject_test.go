package output

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestAppendReject(t *testing.T) {
	tests := []struct {
		name  string
		input string
		line  uint64
		codes []string
		raw   string
		want  string
	}{
		{
			"one code", "events.jsonl", 4, []string{"timestamp_invalid"}, `{"user_id": 789}`,
			`{"input":"events.jsonl","line":4,"errors":["timestamp_invalid"],"message":"a \"b\"","raw":"{\"user_id\": 789}"}`,
		},
		{
			"two codes", "-", 1, []string{"user_id_missing", "amount_missing"}, `x`,
			`{"input":"-","line":1,"errors":["user_id_missing","amount_missing"],"message":"a \"b\"","raw":"x"}`,
		},
		{
			"largest line number", "a", 1<<64 - 1, nil, ``,
			`{"input":"a","line":18446744073709551615,"errors":[],"message":"a \"b\"","raw":""}`,
		},
		{
			"control characters", "a\nb", 1, []string{"c"}, "\x00\x1f\t\r\b\\\"",
			`{"input":"a\nb","line":1,"errors":["c"],"message":"a \"b\"","raw":"\u0000\u001f\t\r\u0008\\\""}`,
		},
		{"CR that ends no line", "a", 1, []string{"c"}, "x\r", `{"input":"a","line":1,"errors":["c"],"message":"a \"b\"","raw":"x\r"}`},
		{"no HTML escapes", "a", 1, []string{"c"}, "<&>\u2028", "{\"input\":\"a\",\"line\":1,\"errors\":[\"c\"],\"message\":\"a \\\"b\\\"\",\"raw\":\"<&>\u2028\"}"},
		{"not UTF-8", "\xff", 1, []string{"c"}, "é\xc3\xe2\x82x", `{"input":"�","line":1,"errors":["c"],"message":"a \"b\"","raw":"é���x"}`},
		{"U+FFFD itself", "a", 1, []string{"c"}, "\uFFFD", `{"input":"a","line":1,"errors":["c"],"message":"a \"b\"","raw":"` + "\uFFFD" + `"}`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := string(AppendReject([]byte("> "), Reject{test.input, "line", test.line, test.codes, `a "b"`}, []byte(test.raw)))
			if want := "> " + test.want + "\n"; got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

// Whatever a line holds, its reject is one line of JSON, and encoding/json
// reads the line back with a U+FFFD for each invalid byte.
func FuzzAppendReject(f *testing.F) {
	f.Add("events.jsonl", []byte("{\"a\":\x01}\r"))
	f.Add("\xff\n", []byte("\xed\xa0\x80\xf0\x9f\x98"))
	f.Fuzz(func(t *testing.T, input string, raw []byte) {
		line := AppendReject(nil, Reject{input, "line", 7, []string{"malformed_json"}, "line is not JSON"}, raw)
		if bytes.IndexByte(line, '\n') != len(line)-1 || !utf8.Valid(line) {
			t.Fatalf("not one line of UTF-8: %q", line)
		}
		var got struct {
			Input, Raw string
			Line       int
			Errors     []string
		}
		if err := json.Unmarshal(line, &got); err != nil {
			t.Fatalf("%v: %q", err, line)
		}
		if want := replaceInvalid(raw); got.Raw != want {
			t.Errorf("raw is %q, want %q", got.Raw, want)
		}
		if want := replaceInvalid([]byte(input)); got.Input != want {
			t.Errorf("input is %q, want %q", got.Input, want)
		}
	})
}

// replaceInvalid puts a U+FFFD for each invalid byte: ranging over a string
// does.
func replaceInvalid(text []byte) string {
	var b strings.Builder
	for _, r := range string(text) {
		b.WriteRune(r)
	}
	return b.String()
}

// BenchmarkAppendReject measures an invalid line on its way to the rejects.
func BenchmarkAppendReject(b *testing.B) {
	raw := []byte(`{"user_id": 789, "event_type": "page_view", "timestamp": "INVALID_TIMESTAMP"}`)
	codes := []string{"timestamp_invalid"}
	var buffer []byte
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		buffer = AppendReject(buffer[:0], Reject{"events.jsonl", "line", 4, codes, "timestamp is no time"}, raw)
	}
}

// WriteReject writes what AppendReject appends, wherever its steps happen to
// cut the line.
func TestWriteReject(t *testing.T) {
	unit := "x é € 😀 \xff\xe2\x82 \xf0\x9f\x98 \x80\x80\x80\x80\x80 \"\n"
	for shift := range len(unit) {
		raw := []byte(strings.Repeat(unit, 500)[shift:])
		var got bytes.Buffer
		if err := WriteReject(&got, Reject{"a", "line", 1, []string{"c"}, "m"}, raw); err != nil {
			t.Fatal(err)
		}
		if want := AppendReject(nil, Reject{"a", "line", 1, []string{"c"}, "m"}, raw); !bytes.Equal(got.Bytes(), want) {
			t.Fatalf("shifted by %d: written is not what is appended", shift)
		}
	}
}
