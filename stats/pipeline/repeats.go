package pipeline

import (
	"maps"
	"slices"
	"sync/atomic"

	"dailystats/stats/event"
)

// repeats counts, of each input, the events that break the same rules, so that only the first
// of them are logged. Events come in input order; workers ask ahead of that what need not be
// rendered.
type repeats struct {
	most   uint64 // that are logged; 0 is no limit
	input  string
	counts map[event.RuleSet]uint64
	full   atomic.Pointer[repeated]
}

// repeated are the sets of rules of which enough events of an input have been logged.
type repeated struct {
	input string
	rules map[event.RuleSet]bool
}

// isFull reports whether no more events of an input that break these rules are logged. Any
// goroutine may call it.
func (r *repeats) isFull(input string, rules event.RuleSet) bool {
	if r.most == 0 {
		return false
	}
	full := r.full.Load()
	return full != nil && full.input == input && full.rules[rules]
}

// begin says whose events come next. It returns what was left out of the input before, in the
// rules' order, if this is another one.
func (r *repeats) begin(input string) (more []More) {
	if r.most == 0 || r.counts != nil && input == r.input {
		return nil
	}
	for _, rules := range slices.Sorted(maps.Keys(r.counts)) {
		if n := r.counts[rules]; n > r.most {
			more = append(more, More{r.input, rules.Codes(), n - r.most})
		}
	}
	r.input, r.counts = input, map[event.RuleSet]uint64{}
	return more
}

// isLogged counts an event, and reports whether it is logged.
func (r *repeats) isLogged(rules event.RuleSet) bool {
	if r.most == 0 {
		return true
	}
	r.counts[rules]++
	if r.counts[rules] == r.most {
		full := &repeated{input: r.input, rules: map[event.RuleSet]bool{}}
		for rules, n := range r.counts {
			full.rules[rules] = n >= r.most
		}
		r.full.Store(full)
	}
	return r.counts[rules] <= r.most
}
