package main

import (
	"encoding/hex"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"dailystats/stats"
)

func amount(t testing.TB, text string) stats.Amount {
	t.Helper()
	a, err := stats.ParseAmount([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// pageRows returns what is in a page.
func pageRows(page []byte) (map[stats.Key]stats.Totals, error) {
	rows := map[stats.Key]stats.Totals{}
	err := readPage(page, func(k stats.Key, t stats.Totals) error {
		rows[k] = rows[k].Add(t)
		return nil
	})
	return rows, err
}

// TestPage proves that pages are what page.go draws, and come back as they were:
// workers of one job may have been built at different times.
func TestPage(t *testing.T) {
	page := newPage(738886)
	rows := map[stats.Key]stats.Totals{}
	add := func(user int64, sum stats.Totals) {
		page.add(user, sum)
		rows[stats.Key{Day: 738886, User: user}] = sum
	}
	add(-2, stats.Totals{Events: 1})
	add(5, stats.Totals{Events: 3, Purchases: 2, Revenue: amount(t, "19.99")})
	const want = "01c68c2d0301000000000e0302001380808cbd93f8cbde0d"
	if got := hex.EncodeToString(page.buf); got != want {
		t.Errorf("the page is\n%s, not\n%s", got, want)
	}
	add(math.MaxInt64, stats.Totals{Events: math.MaxUint32})
	add(math.MinInt64, stats.Totals{Events: 1, Purchases: 1, Revenue: amount(t, "999999999999999999.999999999999999999")})
	got, err := pageRows(page.buf)
	if err != nil {
		t.Fatal(err)
	}
	if !maps.Equal(rows, got) {
		t.Errorf("rows are %v, not %v", got, rows)
	}
}

// TestDamagedPage proves that what is no page is an error, wherever it is cut off,
// and that a page of another version is told as such.
func TestDamagedPage(t *testing.T) {
	page := newPage(1)
	page.add(300, stats.Totals{Events: 300, Purchases: 300, Revenue: amount(t, "1.5")})
	rowsBegin := 2
	for n := range page.buf {
		if _, err := pageRows(page.buf[:n]); err == nil && n != rowsBegin {
			t.Errorf("%d of %d bytes are a page", n, len(page.buf))
		}
	}
	page.buf[0]++
	if _, err := pageRows(page.buf); err == nil || !strings.Contains(err.Error(), "a page has version 2, not 1") {
		t.Errorf("the error is %v", err)
	}
}

// FuzzPage proves that any bytes are an error or the page of some rows.
func FuzzPage(f *testing.F) {
	page := newPage(738886)
	page.add(5, stats.Totals{Events: 3, Purchases: 2, Revenue: amount(f, "19.99")})
	page.add(6, stats.Totals{Events: 1})
	f.Add(page.buf)
	f.Add([]byte{})
	f.Add([]byte{pageVersion, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		rows, err := pageRows(data)
		if err != nil || len(rows) == 0 {
			return
		}
		keys := slices.SortedFunc(maps.Keys(rows), stats.Key.Compare)
		page := newPage(keys[0].Day)
		for _, k := range keys {
			page.add(k.User, rows[k])
		}
		got, err := pageRows(page.buf)
		if err != nil {
			t.Fatal(err)
		}
		if !maps.Equal(rows, got) {
			t.Errorf("rows are %v, not %v", got, rows)
		}
	})
}

// TestShardsOfKeys proves that each key has one shard, of its day, and that users
// who are close to each other are spread over all of them.
func TestShardsOfKeys(t *testing.T) {
	const shards, users = 7, 70_000
	var count [shards]int
	for user := range int64(users) {
		s := shardOf(stats.Key{Day: 1234, User: user}, shards)
		if dayOf(s) != 1234 {
			t.Fatalf("user %d is in a shard of day %d", user, dayOf(s))
		}
		count[indexOf(s)]++
	}
	for i, n := range count {
		if n < users/shards*95/100 || n > users/shards*105/100 {
			t.Errorf("shard %d has %d users", i, n)
		}
	}
}
