package sorter

import "dailystats/stats"

// merger collects the records of a stretch from its pages and sorts them. So a
// record takes a few steps, whatever the number of runs is, where comparing the
// next records of all runs would take more steps the more of them there are.
type merger struct {
	records *recordBuffer // what merge found, in key order
}

// Sizes of a merger: there is room for twice the records of a usual stretch, and
// for some of each run in any case.
const (
	// mergeSize is the memory that each of the Workers takes while it reduces for
	// each of the StretchRecords, in bytes.
	mergeSize = 2 * entrySize
	// recordsOfRun is how many records of each run there must be room for in
	// StretchRecords; else a merger takes more.
	recordsOfRun = largeShare
)

// newMerger returns a merger for stretches of about target records, of which s is the first. If
// it is the last, too, there is room for its records alone: few events should not wait for large
// buffers.
func newMerger(target, runs int, s stretch) *merger {
	room := 2 * max(target, recordsOfRun*runs)
	if s.isAll() {
		room = min(room, recordsOfRun*s.count())
	}
	return &merger{newRecordBuffer(room)}
}

// merge finds the stretch's records from a key on, as many as there is room for,
// and returns the key up to which these are: the stretch's end if they are all.
//
// When the buffer gets full, the key in its middle becomes the end, and the
// collecting starts afresh.
func (m *merger) merge(s stretch, from stats.Key) (until stats.Key, err error) {
	until = s.until
	for {
		all, err := m.collect(s.pages, from, until)
		if err != nil {
			return until, err
		}
		m.records.sort()
		if all {
			return until, nil
		}
		if until, err = m.middle(); err != nil {
			return until, err
		}
	}
}

// collect fills the buffer from pages. It reports whether all fitted.
func (m *merger) collect(pages []page, from, until stats.Key) (all bool, err error) {
	m.records.clear()
	for _, p := range pages {
		if all, err = p.collect(m.records, from, until); !all || err != nil {
			return false, err
		}
	}
	return true, nil
}

// middle returns a key that some records in the full buffer lie before, and some
// do not. There is one: no run has a key twice, and the buffer has more records
// than there are runs.
func (m *merger) middle() (stats.Key, error) {
	entries := m.records.entries
	i := len(entries) / 2
	if entries[i].sameKey(entries[0]) {
		i = m.records.endOfKey(0)
	}
	if i == len(entries) {
		return stats.Key{}, errDamagedPage
	}
	return entries[i].key(), nil
}
