package main

import (
	"fmt"
	"regexp"
	"runtime"
	"strings"
)

// longestTrace is far more than a run comes to, in bytes.
const longestTrace = 1 << 20

// trace tells what all goroutines are doing, as SIGQUIT asks for, those that do the same
// together.
func trace() string {
	stacks := make([]byte, longestTrace)
	stacks = stacks[:runtime.Stack(stacks, true)]
	return "SIGQUIT: quit\n\n" + groupTrace(string(stacks))
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
