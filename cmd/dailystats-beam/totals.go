package main

import (
	"cmp"
	"slices"

	"dailystats/stats"
)

// mostKeys is how many keys a bundle adds up before it sends them on: some 16 MiB.
const mostKeys = 1 << 17

// totals adds up records by key, as far as memory goes. The same key may come in
// several pages, of this bundle and of others.
type totals struct {
	shards int // of a day
	byKey  map[stats.Key]stats.Totals
	rows   []row // where they are sorted
}

type row struct {
	shard int64
	user  int64
	stats.Totals
}

func newTotals(shards int) *totals {
	return &totals{shards: shards, byKey: make(map[stats.Key]stats.Totals)}
}

// add adds a record, and sends pages where that fills the memory.
func (t *totals) add(r stats.Record, emit func(shard int64, page []byte)) {
	t.byKey[r.Key] = t.byKey[r.Key].Add(r.Totals())
	if len(t.byKey) == mostKeys {
		t.flush(emit)
	}
}

// flush sends all there is as pages, each of one shard.
func (t *totals) flush(emit func(shard int64, page []byte)) {
	for k, sum := range t.byKey {
		t.rows = append(t.rows, row{shardOf(k, t.shards), k.User, sum})
	}
	slices.SortFunc(t.rows, func(a, b row) int {
		if a.shard != b.shard {
			return cmp.Compare(a.shard, b.shard)
		}
		return cmp.Compare(a.user, b.user)
	})
	var page pageWriter
	for i, r := range t.rows {
		if i == 0 || r.shard != t.rows[i-1].shard || page.full() {
			if i > 0 {
				emit(t.rows[i-1].shard, page.buf)
			}
			page = newPage(dayOf(r.shard))
		}
		page.add(r.user, r.Totals)
	}
	if n := len(t.rows); n > 0 {
		emit(t.rows[n-1].shard, page.buf)
	}
	clear(t.byKey)
	t.rows = t.rows[:0]
}

// indexBits is how many bits of a shard's number say which it is of its day's; the
// day is above.
const indexBits = 16

// shardOf returns the number of the shard that a key is in, of so many for each day.
func shardOf(k stats.Key, shards int) int64 {
	return int64(k.Day)<<indexBits | int64(mix(uint64(k.User))%uint64(shards))
}

func dayOf(shard int64) stats.Day { return stats.Day(shard >> indexBits) }
func indexOf(shard int64) int     { return int(shard & (1<<indexBits - 1)) }

// mix spreads users who are close to each other: it is the finalizer of SplitMix64
// (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators").
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58_476d_1ce4_e5b9
	x = (x ^ x>>27) * 0x94d0_49bb_1331_11eb
	return x ^ x>>31
}
