package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// metric is one of the figures of a run, for Prometheus.
type metric struct {
	name, help string
	value      any
}

// gauges are the figures of a run.
func (r *Report) gauges(now time.Time, tooManyInvalid bool) []metric {
	m := []metric{
		{"end_timestamp_seconds", "When the run ended.", now.Unix()},
		{"too_many_invalid", "1 if there were too many invalid events, so that no result was written.", bit(tooManyInvalid)},
		{"lines", "Lines read, including blank and invalid ones.", r.Lines},
		{"blank", "Lines of only white space.", r.Blank},
		{"events", "Valid events.", r.Events},
		{"invalid", "Events that were skipped.", r.Invalid},
		{"rows", "Rows of the result.", r.Rows},
		{"bytes_read", "Bytes of the inputs, as they are stored.", r.BytesRead},
		{"bytes_spilled", "Bytes written to spill files.", r.BytesSpilled},
		{"peak_memory", "Peak memory of the process, resident, in bytes.", r.PeakMemory},
		{"memory", "Memory limit of the process, in bytes.", r.Memory},
		{"seconds", "Duration of the run.", r.Seconds},
	}
	if r.Result != nil {
		m = append(m,
			metric{"purchases", "Purchases among the valid events.", r.Result.Purchases},
			metric{"revenue", "Revenue of the purchases.", r.Result.Revenue},
			metric{"days", "Days with events.", r.Result.Days})
	}
	return m
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Metrics returns the report as Prometheus's node exporter collects it (textfile
// collector). tooManyInvalid says that there is no result for that reason.
func (r *Report) Metrics(now time.Time, tooManyInvalid bool) string {
	var b strings.Builder
	for _, m := range r.gauges(now, tooManyInvalid) {
		head(&b, m.name, m.help)
		fmt.Fprintf(&b, "dailystats_%s %v\n", m.name, m.value)
	}
	head(&b, "invalid_by_code", "Events that broke a rule; one may have broken several.")
	for _, code := range slices.Sorted(maps.Keys(r.InvalidByCode)) {
		fmt.Fprintf(&b, "dailystats_invalid_by_code{code=%q} %d\n", code, r.InvalidByCode[code])
	}
	return b.String()
}

func head(b *strings.Builder, name, help string) {
	fmt.Fprintf(b, "# HELP dailystats_%s %s\n# TYPE dailystats_%[1]s gauge\n", name, help)
}
