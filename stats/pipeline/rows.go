package pipeline

import (
	"dailystats/sorter"
	"dailystats/stats"
	"dailystats/stats/report"
	"dailystats/stats/result"
)

// rows renders the rows of a result and adds them up by day. It belongs to one worker.
type rows struct {
	result.Rows
	byDay    *report.Days
	calendar *report.Calendar
	marked   stats.Day // the last one, plus 1
}

// newRows returns a renderer for one more worker. Several may call it at a time.
func (j *job) newRows() sorter.Renderer {
	byDay := report.NewDays()
	j.byDayMu.Lock()
	j.byDay = append(j.byDay, byDay)
	j.byDayMu.Unlock()
	return &rows{Rows: result.Rows{Decimals: j.Decimals}, byDay: byDay, calendar: j.calendar}
}

// Append implements [sorter.Renderer].
func (r *rows) Append(dst []byte, k stats.Key, t stats.Totals) []byte {
	if r.marked != k.Day+1 {
		r.marked = k.Day + 1
		r.calendar.Mark(k.Day)
	}
	r.byDay.Add(k, t)
	return r.Rows.Append(dst, k, t)
}
