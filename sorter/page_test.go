package sorter

import (
	"cmp"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"testing"

	"dailystats/stats"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

type keyTotals struct {
	Key    stats.Key
	Totals stats.Totals
}

func encode(rows []keyTotals) page {
	var w pageWriter
	w.start(make([]byte, pageSize), pageSize)
	for _, g := range rows {
		w.addTotals(g.Key, g.Totals)
	}
	return w.finish()
}

func decode(p page) ([]keyTotals, error) {
	b := newRecordBuffer(pageSize * largeShare)
	if all, err := p.collect(b, firstKey, endOfKeys); !all || err != nil {
		return nil, cmp.Or(err, errors.New("no room"))
	}
	var rows []keyTotals
	for _, e := range b.entries {
		rows = append(rows, keyTotals{e.key(), b.totals(e.value())})
	}
	return rows, nil
}

var amounts = gocmp.AllowUnexported(stats.Amount{})

// TestPageBytes shows the format: a change here makes it another one.
func TestPageBytes(t *testing.T) {
	p := encode([]keyTotals{
		{stats.Key{Day: 739252, User: 123}, stats.Totals{Events: 2, Purchases: 1, Revenue: stats.NewAmount(19, 99e16)}},
		{stats.Key{Day: 739252, User: 456}, stats.Totals{Events: 1}},
		{stats.Key{Day: 739252, User: 457}, stats.Totals{Events: 1, Purchases: 1, Revenue: stats.NewAmount(5, 0)}},
		{stats.Key{Day: 739253, User: -1}, stats.Totals{Events: 1, Purchases: 1, Revenue: stats.AmountOfLimbs(1, 2, 3)}},
	})
	want := strings.Join([]string{
		"000b47b4" + "800000000000007b", // first key
		"000b47b5" + "7fffffffffffffff", // last key
		"00000004",                      // count
		"14" + "00" + "0a043c1f",        // several: the first key, 2 events, 1 purchase, 1999 cents
		"20" + "4d01",                   // visit: 333 users on
		"12" + "01" + "813e",            // purchase: a user on, 500 cents
		"0f" + "b5470b00" + "ffffffffffffff7f" + "0101010203", // large, new day: events, purchases, limbs
		strings.Repeat("00", padding),
	}, "")
	if got := hex.EncodeToString(p); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// rowsGen draws keys in order, each once, with totals of every encoding, as
// many as one page holds for sure.
func rowsGen() *rapid.Generator[[]keyTotals] {
	return rapid.Custom(func(t *rapid.T) []keyTotals {
		records := rapid.SliceOfNDistinct(recordGen(), 1, (pageSize-headerSize)/maxRecordSize, func(r stats.Record) stats.Key { return r.Key }).Draw(t, "records")
		slices.SortFunc(records, func(a, b stats.Record) int { return a.Key.Compare(b.Key) })
		rows := make([]keyTotals, len(records))
		for i, r := range records {
			totals := r.Totals()
			if rapid.Bool().Draw(t, "counted") {
				totals = totals.Add(stats.Totals{
					Events:    rapid.Uint64Range(0, 1<<63).Draw(t, "events"),
					Purchases: rapid.Uint64Range(0, 1<<63).Draw(t, "purchases"),
					Revenue:   stats.AmountOfLimbs(rapid.Uint64Range(0, 1<<63).Draw(t, "high"), 0, 0),
				})
			}
			rows[i] = keyTotals{r.Key, totals}
		}
		return rows
	})
}

// TestPageRoundTrip proves that what goes into a page comes out of it, whole or
// for a range of keys, and that the header tells of it.
func TestPageRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := rowsGen().Draw(t, "rows")
		p := encode(rows)
		if len(p) > pageSize {
			t.Fatalf("a page of %d bytes", len(p))
		}
		if p.first() != rows[0].Key || p.last() != rows[len(rows)-1].Key || p.count() != len(rows) {
			t.Fatalf("header %v %v %d of %v", p.first(), p.last(), p.count(), rows)
		}
		got, err := decode(p)
		if diff := gocmp.Diff(rows, got, amounts); err != nil || diff != "" {
			t.Fatal(err, diff)
		}
		from, until := rapid.IntRange(0, len(rows)-1).Draw(t, "from"), rapid.IntRange(0, len(rows)-1).Draw(t, "until")
		b := newRecordBuffer(pageSize * largeShare)
		if all, err := p.collect(b, rows[from].Key, rows[until].Key); !all || err != nil {
			t.Fatal(all, err)
		}
		if want := max(until-from, 0); len(b.entries) != want || want > 0 && b.entries[0].key() != rows[from].Key {
			t.Fatalf("%d records from %d to %d: %v", len(b.entries), from, until, b.entries)
		}
	})
}

// TestPageOrder proves that pages compare as their first keys do.
func TestPageOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := recordGen().Draw(t, "a"), recordGen().Draw(t, "b")
		pa := encode([]keyTotals{{a.Key, a.Totals()}})
		pb := encode([]keyTotals{{b.Key, b.Totals()}})
		if got, want := comparePages(pa, pb), a.Key.Compare(b.Key); got != want {
			t.Fatalf("%v against %v: %d, want %d", a.Key, b.Key, got, want)
		}
	})
}

// TestDamagedRevenue proves that digits of an amount which no writer writes are
// taken as damage, not as another amount.
func TestDamagedRevenue(t *testing.T) {
	for _, damaged := range []stats.Amount{
		stats.AmountOfLimbs(1, stats.LimbBase, 0),
		stats.AmountOfLimbs(1, 0, stats.LimbBase),
	} {
		if _, err := decode(encode([]keyTotals{{Totals: stats.Totals{Events: 2, Revenue: damaged}}})); err != errDamagedPage {
			t.Errorf("%+v: error %v, want %v", damaged, err, errDamagedPage)
		}
	}
}

// FuzzPageReader proves that any bytes are read as a page, or are an error, and
// that what was read is written back and read again as the same.
func FuzzPageReader(f *testing.F) {
	f.Add([]byte(encode([]keyTotals{{stats.Key{Day: 1, User: 2}, stats.Totals{Events: 1}}})))
	f.Add([]byte(encode([]keyTotals{
		{stats.Key{Day: 1, User: -2}, stats.Totals{Events: 5, Purchases: 5, Revenue: stats.AmountOfLimbs(1, 2, 3)}},
		{stats.Key{Day: 1, User: 1}, stats.Totals{Events: 7, Purchases: 3, Revenue: stats.NewAmount(1, 0)}},
		{stats.Key{Day: 2, User: 1 << 60}, stats.Totals{Events: 1, Purchases: 1, Revenue: stats.NewAmount(0, 1)}},
	})))
	f.Fuzz(func(t *testing.T, b []byte) {
		rows, err := decode(b)
		if err != nil {
			return
		}
		for _, g := range rows {
			again, err := decode(encode([]keyTotals{g}))
			if diff := gocmp.Diff([]keyTotals{g}, again, amounts); err != nil || diff != "" {
				t.Fatal(err, diff)
			}
		}
	})
}

// TestValues proves that amounts are kept in the coarsest unit that holds them,
// and that every value stands for the totals it was made of.
func TestValues(t *testing.T) {
	single := func(a stats.Amount) stats.Totals { return stats.Totals{Events: 1, Purchases: 1, Revenue: a} }
	of := func(u unit, coefficient uint64) value {
		return value(coefficient)<<(formBits+unitBits) | value(u)<<formBits | purchase
	}
	for _, test := range []struct {
		totals stats.Totals
		want   value // large where there is none
	}{
		{stats.Totals{Events: 1}, visit},
		{single(stats.Amount{}), of(cents, 0)},
		{single(stats.NewAmount(19, 99e16)), of(cents, 1999)},
		{single(stats.NewAmount(1374389534, 71e16)), of(cents, 1<<coefficientBits-1)},
		{single(stats.NewAmount(1374389534, 72e16)), large},
		{single(stats.NewAmount(5e9, 0)), of(ones, 5e9)},
		{single(stats.NewAmount(0, 1e14)), of(places4, 1)},
		{single(stats.NewAmount(7, 12345e13)), of(places6, 7123450)},
		{single(stats.NewAmount(1, 1e9)), of(places9, 1e9+1)},
		{single(stats.NewAmount(0, 17)), of(places18, 17)},
		{single(stats.NewAmount(1, 1)), large},
		{single(stats.NewAmount(1e18-1, 1e14)), large},
		{single(stats.AmountOfLimbs(1, 0, 0)), large},
		{stats.Totals{Events: 255, Purchases: 255, Revenue: stats.NewAmount(167772, 15e16)}, value(1<<40-1)<<formBits | several},
		{stats.Totals{Events: 255, Purchases: 255, Revenue: stats.NewAmount(167772, 16e16)}, large},
		{stats.Totals{Events: 256}, large},
		{stats.Totals{Events: 2, Purchases: 256}, large},
		{stats.Totals{Events: 2, Revenue: stats.NewAmount(0, 1)}, large},
	} {
		v, ok := valueOf(test.totals)
		if ok != (test.want.form() != large) || ok && v != test.want {
			t.Errorf("%+v: %#x, %v; want %#x", test.totals, v, ok, test.want)
		}
		if ok && (!v.valid() || v.totals() != test.totals) {
			t.Errorf("%+v comes back as %+v", test.totals, v.totals())
		}
	}
}
