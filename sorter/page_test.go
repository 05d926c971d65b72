package sorter

import (
	"encoding/hex"
	"slices"
	"strings"
	"testing"

	"dailystats/stats"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

type group struct {
	Key    stats.Key
	Totals stats.Totals
}

func encode(groups []group, run uint32) page {
	var w pageWriter
	w.start(make([]byte, 0, PageSize))
	for _, g := range groups {
		w.add(g.Key, g.Totals)
	}
	return w.finish(run)
}

func decode(t interface{ Fatal(...any) }, p page) []group {
	var r pageReader
	if err := r.open(p); err != nil {
		t.Fatal(err)
	}
	var groups []group
	for r.left > 0 {
		if err := r.next(); err != nil {
			t.Fatal(err)
		}
		groups = append(groups, group{r.key, r.totals()})
	}
	return groups
}

var amounts = cmp.AllowUnexported(stats.Amount{})

// TestPageBytes shows the format: a change here makes it another one.
func TestPageBytes(t *testing.T) {
	p := encode([]group{
		{stats.Key{Day: 739252, User: 123}, stats.Totals{Events: 2, Purchases: 1, Revenue: stats.NewAmount(19, 99e16)}},
		{stats.Key{Day: 739252, User: 456}, stats.Totals{Events: 1}},
		{stats.Key{Day: 739253, User: -1}, stats.Totals{Events: 1, Purchases: 1, Revenue: stats.AmountOfLimbs(1, 2, 3)}},
	}, 7)
	want := strings.Join([]string{
		"000b47b4" + "800000000000007b", // first key
		"000b47b5" + "7fffffffffffffff", // last key
		"00000007" + "00000003",         // run, count
		"1a" + "00" + "0201" + "cf0f",   // counted, cents: the first key, 2 events, 1 purchase, 1999
		"00" + "cd02",                   // visit: 333 users on
		"2f" + "01" + "01" + "010203",   // purchase, wide, new day: a day on, user -1, limbs
	}, "")
	if got := hex.EncodeToString(p); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// groupsGen draws keys in order, each once, with totals of every encoding, as
// many as one page holds for sure.
func groupsGen() *rapid.Generator[[]group] {
	return rapid.Custom(func(t *rapid.T) []group {
		records := rapid.SliceOfNDistinct(recordGen(), 1, (PageSize-headerSize)/maxRecordSize, func(r stats.Record) stats.Key { return r.Key }).Draw(t, "records")
		slices.SortFunc(records, func(a, b stats.Record) int { return a.Key.Compare(b.Key) })
		groups := make([]group, len(records))
		for i, r := range records {
			totals := r.Totals()
			if rapid.Bool().Draw(t, "counted") {
				totals = totals.Add(stats.Totals{
					Events:    rapid.Uint64Range(0, 1<<63).Draw(t, "events"),
					Purchases: rapid.Uint64Range(0, 1<<63).Draw(t, "purchases"),
					Revenue:   stats.AmountOfLimbs(rapid.Uint64Range(0, 1<<63).Draw(t, "high"), 0, 0),
				})
			}
			groups[i] = group{r.Key, totals}
		}
		return groups
	})
}

// TestPageRoundTrip proves that what goes into a page comes out of it, and that
// the header tells of it.
func TestPageRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		groups := groupsGen().Draw(t, "groups")
		p := encode(groups, 42)
		if len(p) > PageSize {
			t.Fatalf("a page of %d bytes", len(p))
		}
		if p.first() != groups[0].Key || p.last() != groups[len(groups)-1].Key || p.run() != 42 || p.count() != len(groups) {
			t.Fatalf("header %v %v %d %d of %v", p.first(), p.last(), p.run(), p.count(), groups)
		}
		if diff := cmp.Diff(groups, decode(t, p), amounts); diff != "" {
			t.Fatal(diff)
		}
	})
}

// TestPageOrder proves that pages compare as their first keys do.
func TestPageOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := recordGen().Draw(t, "a"), recordGen().Draw(t, "b")
		pa := encode([]group{{a.Key, a.Totals()}}, 1)
		pb := encode([]group{{b.Key, b.Totals()}}, 2)
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
		var r pageReader
		if err := r.open(encode([]group{{Totals: stats.Totals{Events: 2, Revenue: damaged}}}, 1)); err != nil {
			t.Fatal(err)
		}
		if err := r.next(); err != errDamagedPage {
			t.Errorf("%+v: error %v, want %v", damaged, err, errDamagedPage)
		}
	}
}

// FuzzPageReader proves that any bytes are read as a page, or are an error, and
// that what was read is written back and read again as the same.
func FuzzPageReader(f *testing.F) {
	f.Add([]byte(encode([]group{{stats.Key{Day: 1, User: 2}, stats.Totals{Events: 1}}}, 3)))
	f.Add([]byte(encode([]group{
		{stats.Key{Day: 1, User: -2}, stats.Totals{Events: 5, Purchases: 5, Revenue: stats.AmountOfLimbs(1, 2, 3)}},
		{stats.Key{Day: 2, User: 1 << 60}, stats.Totals{Events: 1, Purchases: 1, Revenue: stats.NewAmount(0, 1)}},
	}, 3)))
	f.Fuzz(func(t *testing.T, b []byte) {
		var r pageReader
		if r.open(b) != nil {
			return
		}
		for r.left > 0 {
			if r.next() != nil {
				return
			}
			again := decode(t, encode([]group{{r.key, r.totals()}}, 1))
			if diff := cmp.Diff([]group{{r.key, r.totals()}}, again, amounts); diff != "" {
				t.Fatal(diff)
			}
		}
	})
}

// TestCompact proves that compact finds the coarsest unit and expand undoes it.
func TestCompact(t *testing.T) {
	for _, test := range []struct {
		amount      stats.Amount
		unit        unit
		coefficient uint64
	}{
		{stats.Amount{}, noRevenue, 0},
		{stats.NewAmount(19, 99e16), cents, 1999},
		{stats.NewAmount(5, 0), cents, 500},
		{stats.NewAmount(0, 1e14), places4, 1},
		{stats.NewAmount(7, 12345e13), places6, 7123450},
		{stats.NewAmount(1, 1e9), places9, 1e9 + 1},
		{stats.NewAmount(17, 1), places18, 17e18 + 1},
		{stats.NewAmount(18, 1), wide, 0},
		{stats.NewAmount(1e18-1, 0), ones, 1e18 - 1},
		{stats.NewAmount(1e18-1, 99e16), wide, 0},
		{stats.AmountOfLimbs(1, 0, 0), wide, 0},
	} {
		u, coefficient := compact(test.amount)
		if u != test.unit || coefficient != test.coefficient {
			t.Errorf("%v: unit %d, coefficient %d; want %d, %d", test.amount, u, coefficient, test.unit, test.coefficient)
		}
		if u == wide {
			continue
		}
		if got := expand(u, coefficient); got != test.amount {
			t.Errorf("%v comes back as %v", test.amount, got)
		}
	}
}
