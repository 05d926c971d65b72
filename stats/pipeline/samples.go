package pipeline

import (
	"sync/atomic"

	"dailystats/stats/event"
	"dailystats/stats/report"
)

// samples are the first invalid events of each rule, in input order. The nil
// samples want none.
type samples struct {
	of     [event.RuleCount][]sample
	enough [event.RuleCount]atomic.Bool // workers need not look for more
}

type sample struct {
	rule event.Rule
	report.Sample
}

const mostSamples = 3 // of each rule

// find adds what e might give to those that were found in its block so far. It
// is called by several workers at a time.
func (s *samples) find(found []sample, e Invalid) []sample {
	if s == nil {
		return found
	}
	for rule := range e.Fault.Rules.All() {
		if !s.enough[rule].Load() && countOf(found, rule) < mostSamples {
			found = append(found, sample{rule, report.Sample{Code: rule.String(), Input: e.Input, Line: e.Line, Message: e.Fault.Message()}})
		}
	}
	return found
}

func countOf(found []sample, rule event.Rule) (n int) {
	for i := range found {
		if found[i].rule == rule {
			n++
		}
	}
	return n
}

// all returns the samples, by rule.
func (s *samples) all() (all []report.Sample) {
	if s == nil {
		return nil
	}
	for _, of := range s.of {
		for _, f := range of {
			all = append(all, f.Sample)
		}
	}
	return all
}

// keep takes what was found in a block, when it is the block's turn.
func (s *samples) keep(found []sample) {
	for _, f := range found {
		if of := &s.of[f.rule]; len(*of) < mostSamples {
			*of = append(*of, f)
			s.enough[f.rule].Store(len(*of) == mostSamples)
		}
	}
}
