package workload

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"dailystats/stats"
	"dailystats/stats/event"
)

// small is a workload that has a bit of everything.
var small = Config{Events: 20_000, Users: 1000, Days: 30, Invalid: rateUnit / 100, Seed: 1}

func write(t testing.TB, c Config, goroutines int) []byte {
	t.Helper()
	w, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := w.Write(context.Background(), &out, goroutines); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// linesOf splits text into its lines, which all end in LF.
func linesOf(t testing.TB, text []byte) [][]byte {
	t.Helper()
	if len(text) > 0 && text[len(text)-1] != '\n' {
		t.Fatal("the last line has no end")
	}
	lines := bytes.Split(text, []byte{'\n'})
	return lines[:len(lines)-1]
}

// records reads events that must all be valid.
func records(t testing.TB, c Config) []stats.Record {
	t.Helper()
	c.Invalid = 0
	var all []stats.Record
	for i, line := range linesOf(t, write(t, c, 2)) {
		rec, fault := event.Schema{}.Plain(line)
		if fault != nil {
			t.Fatalf("line %d is invalid: %s\n%s", i+1, fault.Message(), line)
		}
		all = append(all, rec)
	}
	if len(all) != int(c.Events) {
		t.Fatalf("%d events, want %d", len(all), c.Events)
	}
	return all
}

// TestBytes proves that a workload is the same today as it was, here as
// elsewhere. A change of any of these sums makes measurements of before and
// after differ in their input.
func TestBytes(t *testing.T) {
	for _, test := range []struct {
		change func(*Config)
		want   string
	}{
		{func(*Config) {}, "5b88da59265bc09e"},
		{func(c *Config) { c.Skew, c.Order, c.Shape = Zipf, Time, Compact }, "8ea26b7f2eb8cd71"},
		{func(c *Config) { c.Shape, c.Extra = Shuffled, 300 }, "2e1dc6c1c5f9a8d7"},
		{func(c *Config) { c.Seed = 2 }, "039b1ebb8ad2f0ca"},
	} {
		c := small
		test.change(&c)
		if got := fmt.Sprintf("%x", sha256.Sum256(write(t, c, 2)))[:16]; got != test.want {
			t.Errorf("%+v: the sum is %s, want %s", c, got, test.want)
		}
	}
}

// TestForms proves that events of any form have the result that those of the default one have,
// and are invalid in the ways that were meant.
func TestForms(t *testing.T) {
	want := records(t, small)
	for _, form := range []event.Form{
		{UserIDField: event.Path{"a", "b"}, TimestampField: event.Path{"a", "c", "d"}, AmountField: event.Path{"properties", "x.y"}, QuotedNumbers: true},
		{TimeFormats: []event.TimeFormat{event.UnixNano}, MinorUnits: 1, Purchases: []string{"Order Completed", "\"é\""}},
		{TimeFormats: []event.TimeFormat{event.SQL}, AssumeUTC: true, ConvertOffsets: true, MinorUnits: 4, EventTypeField: event.Path{""}},
		{ConvertOffsets: true, UserIDField: event.Path{"properties"}},
		{NoEventType: true},
		{NoEventType: true, Purchases: []string{event.EachPurchase}},
	} {
		for _, shape := range []Shape{Spaced, Compact, Shuffled} {
			c := small
			c.Shape, c.Extra, c.Invalid = shape, 100, 0
			var err error
			if c.Schema, err = event.NewSchema(form); err != nil {
				t.Fatal(err)
			}
			for i, line := range linesOf(t, write(t, c, 2)) {
				got, fault := c.Schema.Plain(line)
				if fault != nil {
					t.Fatalf("%+v: %s\n%s", form, fault.Message(), line)
				}
				if form.NoEventType {
					got.Purchase, got.Amount = want[i].Purchase, want[i].Amount
				}
				if got != want[i] {
					t.Fatalf("%+v: %+v, want %+v\n%s", form, got, want[i], line)
				}
			}
			c.Invalid = rateUnit
			w, err := New(c)
			if err != nil {
				t.Fatal(err)
			}
			for i, line := range linesOf(t, write(t, c, 2))[:1000] {
				_, fault := c.Schema.Plain(line)
				if rule := w.faultOf(uint64(i)); rule != event.LineTooLong && (fault == nil || fault.Rules != 1<<rule) {
					t.Fatalf("%+v: not %v\n%s", form, rule, line)
				}
			}
		}
	}
}

// TestGoroutines proves that the number of goroutines changes nothing.
func TestGoroutines(t *testing.T) {
	for _, extra := range []int{0, 1000} {
		c := small
		c.Extra = extra
		want := write(t, c, 1)
		for _, goroutines := range []int{2, 3, 16} {
			if !bytes.Equal(write(t, c, goroutines), want) {
				t.Errorf("%d goroutines write something else than 1", goroutines)
			}
		}
	}
}

// TestInvalid proves that as many events are invalid as were asked for, each in
// the way that was meant, and that all ways are there.
func TestInvalid(t *testing.T) {
	for _, shape := range []Shape{Spaced, Compact, Shuffled} {
		c := small
		c.Shape = shape
		seen := make(map[event.Rule]int)
		invalid := uint64(0)
		w, err := New(c)
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range linesOf(t, write(t, c, 2)) {
			fault := event.TooLong(tooLong)
			if len(line) <= tooLong {
				_, fault = event.Schema{}.Plain(line)
			}
			if fault == nil {
				continue
			}
			rules := slices.Collect(fault.Rules.All())
			if want := w.faultOf(invalid); !slices.Equal(rules, []event.Rule{want}) {
				t.Errorf("line %d is %v, want %v: %.200s", i+1, fault.Rules.Codes(), want, line)
			}
			seen[rules[0]]++
			invalid++
		}
		if invalid != c.Events/100 {
			t.Errorf("%d events are invalid, want 1 %% of %d", invalid, c.Events)
		}
		if len(seen) != event.RuleCount || seen[event.LineTooLong] != 1 {
			t.Errorf("%d rules are broken, want all %d, and one line too long: %v", len(seen), event.RuleCount, seen)
		}
	}
}

// TestRates proves that any rate gives its share of invalid events, wherever a
// chunk begins.
func TestRates(t *testing.T) {
	const events = 5000
	for _, rate := range []Rate{0, 1, 1_000_000, 333_333_333, 500_000_001, rateUnit - 1, rateUnit} {
		d := faultDraw{rate: rate, seed: 7}
		var all []place
		for p := d.from(0); p.event < events; p = d.next(p) {
			all = append(all, p)
		}
		if want := float64(events) * float64(rate) / rateUnit; math.Abs(float64(len(all))-want) > 1 {
			t.Errorf("rate %d: %d of %d are invalid, want %v", rate, len(all), events, want)
		}
		for first := range uint64(events) {
			i, _ := slices.BinarySearchFunc(all, first, func(p place, n uint64) int { return int(int64(p.event) - int64(n)) })
			if i < len(all) && d.from(first) != all[i] {
				t.Fatalf("rate %d: from event %d the first is %v, want %v", rate, first, d.from(first), all[i])
			}
		}
	}
}

// TestUniform proves that users take turns: with as many as there are events,
// each has one.
func TestUniform(t *testing.T) {
	c := small
	c.Users = c.Events / 4
	perUser := make(map[int64]int)
	for _, rec := range records(t, c) {
		perUser[rec.Key.User]++
	}
	for user := range int64(c.Users) {
		if perUser[user+1] != 4 {
			t.Fatalf("user %d has %d events, want 4", user+1, perUser[user+1])
		}
	}
}

// TestZipf proves that the nth most active user has the share of events that the
// log-uniform distribution gives it.
func TestZipf(t *testing.T) {
	c := small
	c.Skew, c.Events = Zipf, 200_000
	perUser := make(map[int64]int)
	for _, rec := range records(t, c) {
		if rec.Key.User < 1 || rec.Key.User > int64(c.Users) {
			t.Fatalf("user %d is none of %d", rec.Key.User, c.Users)
		}
		perUser[rec.Key.User]++
	}
	for rank := range 20 {
		share := math.Log1p(1/float64(rank+1)) / math.Log1p(float64(c.Users))
		want := share * float64(c.Events)
		user := int64(permute(uint64(rank), c.Users, c.Seed) + 1)
		if got := float64(perUser[user]); math.Abs(got-want) > 5*math.Sqrt(want) {
			t.Errorf("rank %d: %v events, want about %.0f", rank, got, want)
		}
	}
}

// TestRank proves the fixed point of zipf against floating point.
func TestRank(t *testing.T) {
	for _, n := range []uint64{1, 2, 3, 10, 1e6, 1e9, MaxUsers} {
		z := newZipf(n)
		if want := math.Log2(float64(n + 1)); math.Abs(float64(z.log)/(1<<logPlaces)-want) > 1e-13*want {
			t.Errorf("log2(%d) is %v, want %v", n+1, float64(z.log)/(1<<logPlaces), want)
		}
		for range 10_000 {
			u := rand.Uint64()
			got, want := float64(z.rank(u)), math.Floor(math.Exp2(float64(u)/(1<<64)*float64(z.log)/(1<<logPlaces)))-1
			if math.Abs(got-want) > 1+1e-8*want {
				t.Fatalf("of %d users, %d gives rank %v, want %v", n, u, got, want)
			}
		}
		if last := z.rank(math.MaxUint64); last >= n || z.rank(0) != 0 {
			t.Errorf("of %d users, ranks go from %d to %d", n, z.rank(0), last)
		}
	}
}

// TestPermute proves that no number comes twice, and that keys differ.
func TestPermute(t *testing.T) {
	for n := uint64(1); n < 300; n++ {
		seen := make(map[uint64]bool)
		for x := range n {
			seen[permute(x, n, n)] = true
		}
		if len(seen) != int(n) {
			t.Fatalf("of %d numbers, %d are there", n, len(seen))
		}
	}
	same := 0
	for x := range uint64(1000) {
		if permute(x, 1000, 1) == permute(x, 1000, 2) {
			same++
		}
	}
	if same > 20 {
		t.Errorf("two keys agree on %d of 1000 numbers", same)
	}
}

// TestOrder proves that times go up where they should, and that they cover all
// days and no others either way.
func TestOrder(t *testing.T) {
	for _, order := range []Order{Random, Time} {
		c := small
		c.Order = order
		days := make(map[stats.Day]int)
		sorted := true
		last := stats.Day(0)
		for _, rec := range records(t, c) {
			days[rec.Key.Day]++
			sorted = sorted && rec.Key.Day >= last
			last = rec.Key.Day
		}
		if sorted != (order == Time) {
			t.Errorf("%s: sorted is %v", order, sorted)
		}
		mean := int(c.Events / c.Days)
		for day := range stats.Day(c.Days) {
			if n := days[DefaultFirstDay+day]; n < mean*3/4 || n > mean*5/4 {
				t.Errorf("%s: %v has %d events, want about %d", order, DefaultFirstDay+day, n, mean)
			}
		}
	}
	w, err := New(Config{Events: 1000, Users: 1, Days: 2, Order: Time})
	if err != nil {
		t.Fatal(err)
	}
	var random rand.PCG
	last := uint64(0)
	for n := range uint64(1000) {
		random.Seed(n, n)
		second := w.times.second(n, &random)
		if second < last || second >= 2*secondsPerDay {
			t.Fatalf("event %d is at second %d, behind %d", n, second, last)
		}
		last = second
	}
}

// TestDays proves that the days are those of the calendar.
func TestDays(t *testing.T) {
	if day, _ := stats.DateDay(2024, 1, 1); day != DefaultFirstDay {
		t.Errorf("2024-01-01 is %d, want %d", day, DefaultFirstDay)
	}
	c := small
	c.Days, c.Events = MaxDays, 100_000
	records(t, c)
}

// TestExtra proves that events get longer by what was asked for.
func TestExtra(t *testing.T) {
	plain := linesOf(t, write(t, Config{Events: 100, Users: 9, Days: 3}, 1))
	for extra := MinExtra; extra < 400; extra++ {
		for i, line := range linesOf(t, write(t, Config{Events: 100, Users: 9, Days: 3, Extra: extra}, 1)) {
			if len(line) != len(plain[i])+extra {
				t.Fatalf("%d bytes more, want %d: %s", len(line)-len(plain[i]), extra, line)
			}
			if _, fault := (event.Schema{}).Plain(line); fault != nil {
				t.Fatalf("%s: %s", fault.Message(), line)
			}
		}
	}
}

// TestShape proves what events look like.
func TestShape(t *testing.T) {
	for shape, want := range map[Shape]string{
		Spaced:   `{"user_id": 1, "event_type": "purchase", "timestamp": "2024-01-01T05:20:37Z", "amount": 337.87}`,
		Compact:  `{"user_id":1,"event_type":"purchase","timestamp":"2024-01-01T05:20:37Z","amount":337.87}`,
		Shuffled: `{"timestamp":"2024-01-01T05:20:37Z","event_type":"purchase","amount":337.87,"user_id":1}`,
	} {
		if got := string(write(t, Config{Events: 1, Users: 1, Days: 1, Shape: shape}, 1)); got != want+"\n" {
			t.Errorf("%s:\n got %swant %s", shape, got, want)
		}
	}
}

// TestRateText proves which texts are rates.
func TestRateText(t *testing.T) {
	for text, want := range map[string]Rate{"0": 0, "1": rateUnit, "0.01": 10_000_000, "1%": 10_000_000, "100%": rateUnit, "1e-9": 1, "0.5%": 5_000_000} {
		var r Rate
		if err := r.UnmarshalText([]byte(text)); err != nil || r != want {
			t.Errorf("%s is %d, %v; want %d", text, r, err, want)
		}
	}
	for _, text := range []string{"", "%", "-1", "1.01", "101%", "NaN", "x", "1%%"} {
		if err := new(Rate).UnmarshalText([]byte(text)); !errors.Is(err, errRate) {
			t.Errorf("%q gives %v, want an error", text, err)
		}
	}
}

// TestLimits proves that what can't be made is refused.
func TestLimits(t *testing.T) {
	for _, c := range []Config{
		{Events: MaxEvents + 1, Users: 1, Days: 1},
		{Events: 1, Users: 0, Days: 1},
		{Events: 1, Users: MaxUsers + 1, Days: 1},
		{Events: 1, Users: 1, Days: 0},
		{Events: 1, Users: 1, Days: MaxDays + 1},
		{Events: 1, Users: 1, Days: 1, Extra: -1},
		{Events: 1, Users: 1, Days: 1, Extra: MaxExtra + 1},
	} {
		if _, err := New(c); err == nil {
			t.Errorf("%+v is taken", c)
		}
	}
	if got := write(t, Config{Events: 0, Users: 1, Days: 1}, 3); len(got) > 0 {
		t.Errorf("no events are %q", got)
	}
}

// TestWriteStops proves that a failing writer and a cancelled context end the
// writing, and how.
func TestWriteStops(t *testing.T) {
	w, err := New(Config{Events: MaxEvents, Users: 1, Days: 1})
	if err != nil {
		t.Fatal(err)
	}
	errFull := errors.New("full")
	if err := w.Write(context.Background(), writerFunc(func([]byte) (int, error) { return 0, errFull }), 3); !errors.Is(err, errFull) {
		t.Errorf("the error is %v, want %v", err, errFull)
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	err = w.Write(ctx, writerFunc(func(p []byte) (int, error) { cancel(errFull); return len(p), nil }), 3)
	if !errors.Is(err, errFull) {
		t.Errorf("the error is %v, want %v", err, errFull)
	}
}

type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// BenchmarkWrite measures making events up, with one goroutine.
func BenchmarkWrite(b *testing.B) {
	for name, c := range map[string]Config{
		"spaced":   {},
		"compact":  {Shape: Compact},
		"shuffled": {Shape: Shuffled},
		"zipf":     {Skew: Zipf, Order: Time},
		"wide":     {Extra: 300},
	} {
		c.Events, c.Users, c.Days = 100_000, 1_000_000, 30
		b.Run("shape="+name, func(b *testing.B) {
			w, err := New(c)
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(write(b, c, 1))))
			b.ReportAllocs()
			for b.Loop() {
				if err := w.Write(context.Background(), io.Discard, 1); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
