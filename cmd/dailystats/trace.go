package main

import (
	"context"
	"fmt"
	"io"
	"regexp"
	"runtime"
	"strings"
	"time"

	"dailystats/stats/output"
)

const (
	mostTrace    = 1 << 20 // bytes, far more than a run comes to
	traceTimeout = 150 * time.Millisecond
)

// writeTrace writes what all goroutines are doing, as SIGQUIT asks for, those that do
// the same together. It does not wait for long where w isn't read.
func writeTrace(w io.Writer) {
	trace := make([]byte, mostTrace)
	trace = trace[:runtime.Stack(trace, true)]
	ctx, cancel := context.WithTimeout(context.Background(), traceTimeout)
	defer cancel()
	_, _ = io.WriteString(output.Interruptible(ctx, w), "SIGQUIT: quit\n\n"+groupTrace(string(trace)))
}

// differing are the parts of a goroutine's trace that no two have in common:
// arguments and offsets, and who started it.
var differing = regexp.MustCompile(`\(0x[^\n]*\)|\(\{[^\n]*\)| \+0x[0-9a-f]+| in goroutine \d+`)

// groupTrace puts goroutines together that differ in their numbers and arguments only.
// The trace of a goroutine is a head, "goroutine 7 [select]:", and lines of calls.
func groupTrace(trace string) string {
	var order []string
	count := map[string]int{}
	for goroutine := range strings.SplitSeq(strings.TrimSpace(trace), "\n\n") {
		_, calls, _ := strings.Cut(goroutine, " [")
		calls = differing.ReplaceAllString(calls, "")
		if count[calls]++; count[calls] == 1 {
			order = append(order, calls)
		}
	}
	var b strings.Builder
	for _, calls := range order {
		fmt.Fprintf(&b, "%d × [%s\n\n", count[calls], calls)
	}
	return b.String()
}
