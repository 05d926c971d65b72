package pipeline

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

// metric is one of a run's figures as Prometheus has it.
type metric struct {
	name, help string
	value      any
}

// gauges are the figures of a run, the last one.
func (r *Report) gauges(now time.Time, failed bool) []metric {
	m := []metric{
		{"end_timestamp_seconds", "When the run ended.", now.Unix()},
		{"too_many_invalid", "Whether there were more invalid events than allowed, so that no result was written.", bit(failed)},
		{"lines", "Lines read, blank and invalid ones too.", r.Lines},
		{"blank_lines", "Lines of white space only.", r.Blank},
		{"events", "Valid events.", r.Events},
		{"invalid_events", "Events that were skipped.", r.Invalid},
		{"rows", "Rows of the result.", r.Groups},
		{"read_bytes", "Bytes of the inputs, as they are stored.", r.BytesRead},
		{"spilled_bytes", "Bytes written to spill files.", r.BytesSpilled},
		{"peak_memory_bytes", "Most bytes resident.", r.PeakMemory},
		{"memory_limit_bytes", "Bytes that were allowed.", r.Memory},
		{"duration_seconds", "What the run took.", r.Seconds},
	}
	if r.Result != nil {
		m = append(m,
			metric{"purchases", "Purchases among the valid events.", r.Result.Purchases},
			metric{"revenue", "What the purchases brought.", r.Result.Revenue},
			metric{"dates", "Days with events.", r.Result.Days})
	}
	return m
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// writeMetrics writes the file of metrics, if one is wanted, as Prometheus's node
// exporter collects them (textfile collector).
func (j *job) writeMetrics(r Report, failure error) error {
	if j.metrics == nil {
		return nil
	}
	var b strings.Builder
	for _, m := range r.gauges(time.Now(), failure != nil) {
		head(&b, m.name, m.help)
		fmt.Fprintf(&b, "dailystats_%s %v\n", m.name, m.value)
	}
	head(&b, "invalid_events_by_code", "Events that broke a rule; one may have broken several.")
	for _, code := range slices.Sorted(maps.Keys(r.InvalidByCode)) {
		fmt.Fprintf(&b, "dailystats_invalid_events_by_code{code=%q} %d\n", code, r.InvalidByCode[code])
	}
	_, err := io.WriteString(j.metrics, b.String())
	return err
}

func head(b *strings.Builder, name, help string) {
	fmt.Fprintf(b, "# HELP dailystats_%s %s\n# TYPE dailystats_%[1]s gauge\n", name, help)
}
