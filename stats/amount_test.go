package stats

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"regexp"
	"strings"
	"testing"

	"github.com/cockroachdb/apd/v3"
	"pgregory.net/rapid"
)

func TestParseAmount(t *testing.T) {
	nines := strings.Repeat("9", 18)
	for _, test := range []struct {
		number string
		want   string // or the error
	}{
		{"19.99", "19.99"},
		{"5", "5.00"},
		{"1e3", "1000.00"},
		{"1E+3", "1000.00"},
		{"1E-2", "0.01"},
		{"0.001", "0.001"},
		{"0.30000000000000004", "0.30000000000000004"},
		{"100.10e-1", "10.01"},
		{"0.00123e5", "123.00"},
		{nines, nines + ".00"},
		{nines + "." + nines, nines + "." + nines},

		// The last place, half to even.
		{"0.0000000000000000005", "0.00"},
		{"0.0000000000000000015", "0.000000000000000002"},
		{"0.0000000000000000025", "0.000000000000000002"},
		{"0.00000000000000000250", "0.000000000000000002"},
		{"0.000000000000000002500001", "0.000000000000000003"},
		{"0.00000000000000000249999", "0.000000000000000002"},
		{"0.0000000000000000006", "0.000000000000000001"},
		{"1e-19", "0.00"},
		{"1e-999999999999999999999", "0.00"},
		{"0." + nines + "5", "1.00"},

		// The limits look at the exact value.
		{nines + "." + nines + "49", nines + "." + nines},
		{nines + "." + nines + "9", "1000000000000000000.00"},
		{"1e18", ErrOutOfRange.Error()},
		{"1000000000000000000", ErrOutOfRange.Error()},
		{"1000000000000000000.0000000000000000001", ErrOutOfRange.Error()},
		{"0.01e20", ErrOutOfRange.Error()},
		{"1e999999999999999999999", ErrOutOfRange.Error()},
		{"0", ErrNotPositive.Error()},
		{"-0", ErrNotPositive.Error()},
		{"0.00", ErrNotPositive.Error()},
		{"0e5", ErrNotPositive.Error()},
		{"0e999999999999999999999", ErrNotPositive.Error()},
		{"-5.00", ErrNotPositive.Error()},
		{"-1e999", ErrNotPositive.Error()},
	} {
		got, err := ParseAmount([]byte(test.number))
		if text := textOr(got, err); text != test.want {
			t.Errorf("%s is %s, want %s", test.number, text, test.want)
		}
	}
}

func textOr(a Amount, err error) string {
	if err != nil {
		return err.Error()
	}
	return a.String()
}

var jsonNumber = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?$`)

// FuzzAmount compares ParseAmount with apd, an implementation of the General
// Decimal Arithmetic specification.
func FuzzAmount(f *testing.F) {
	for _, number := range []string{
		"19.99", "1e3", "1E-2", "0.0000000000000000025", "999999999999999999.9999999999999999995",
		"1e18", "0e5", "-5", "0.00012e+19", "123456789.123456789123456789123456789", "99e-20", "5e-19", "1e99999999999",
	} {
		f.Add(number)
	}
	f.Fuzz(func(t *testing.T, number string) {
		if !jsonNumber.MatchString(number) {
			t.Skip("not a JSON number")
		}
		want, wantErr, ok := oracle(number)
		if !ok {
			t.Skip("an exponent that apd does not take")
		}
		got, err := ParseAmount([]byte(number))
		if !errors.Is(err, wantErr) || err == nil && got.String() != want {
			t.Errorf("%s is %s, want %s", number, textOr(got, err), textOr(Amount{}, wantErr)+" "+want)
		}
	})
}

// oracle is ParseAmount by apd.
func oracle(number string) (text string, err error, ok bool) {
	exact, _, err := apd.NewFromString(number)
	if err != nil {
		return "", nil, false
	}
	switch {
	case exact.Sign() <= 0:
		return "", ErrNotPositive, true
	case exact.Cmp(apd.New(1, 18)) >= 0:
		return "", ErrOutOfRange, true
	}
	if int64(exact.Exponent)+exact.NumDigits() < -100 {
		return "0.00", nil, true // apd would take long to say so
	}
	context := apd.BaseContext.WithPrecision(uint32(len(number)) + 200)
	context.Rounding = apd.RoundHalfEven
	var rounded apd.Decimal
	if _, err := context.Quantize(&rounded, exact, -18); err != nil {
		return "", nil, false
	}
	return atLeastTwoPlaces(rounded.Text('f')), nil, true
}

// atLeastTwoPlaces takes zeros off the end of text, which has a point, as long
// as two decimal places stay.
func atLeastTwoPlaces(text string) string {
	for strings.HasSuffix(text, "0") && len(text)-strings.IndexByte(text, '.') > 3 {
		text = text[:len(text)-1]
	}
	return text
}

// amounts draws any amount that a sum can come to.
func amounts() *rapid.Generator[Amount] {
	limb := rapid.OneOf(rapid.Uint64Range(0, LimbBase-1), rapid.SampledFrom([]uint64{0, 1, LimbBase / 2, LimbBase - 1, 1e16}))
	high := rapid.Uint64Range(0, math.MaxUint64/64)
	return rapid.Custom(func(t *rapid.T) Amount {
		return AmountOfLimbs(high.Draw(t, "high"), limb.Draw(t, "whole"), limb.Draw(t, "fraction"))
	})
}

// exact returns a in units of 10^-18.
func exact(a Amount) *big.Int {
	high, whole, fraction := a.Limbs()
	n := new(big.Int).SetUint64(high)
	base := new(big.Int).SetUint64(LimbBase)
	n.Mul(n, base).Add(n, new(big.Int).SetUint64(whole))
	return n.Mul(n, base).Add(n, new(big.Int).SetUint64(fraction))
}

// TestAddIsExact proves sums against integers of any size, in any order.
func TestAddIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfN(amounts(), 1, 20).Draw(t, "amounts")
		want := new(big.Int)
		var sum Amount
		for _, a := range list {
			want.Add(want, exact(a))
			sum = sum.Add(a)
		}
		if exact(sum).Cmp(want) != 0 {
			t.Fatalf("the sum is %v, want %v·10^-18", sum, want)
		}
		var other Amount
		for _, a := range rapid.Permutation(list).Draw(t, "in another order") {
			other = other.Add(a)
		}
		if other != sum {
			t.Fatalf("in another order the sum is %v, not %v", other, sum)
		}
	})
}

// TestSumCannotOverflow adds up 2^64-1 of the largest amount, by doubling.
func TestSumCannotOverflow(t *testing.T) {
	largest, err := ParseAmount([]byte("999999999999999999.9999999999999999999"))
	if err != nil {
		t.Fatal(err)
	}
	var sum Amount
	for range 64 {
		sum = sum.Add(sum).Add(largest)
	}
	if got, want := sum.String(), "18446744073709551615000000000000000000.00"; got != want {
		t.Errorf("the sum is %s, want %s", got, want)
	}
}

// TestDecimals compares the text of any amount, in each form, with big.Rat's.
func TestDecimals(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := amounts().Draw(t, "amount")
		value := new(big.Rat).SetFrac(exact(a), new(big.Int).Exp(big.NewInt(10), big.NewInt(18), nil))
		if got, want := a.String(), atLeastTwoPlaces(value.FloatString(18)); got != want {
			t.Fatalf("%s, want %s", got, want)
		}
		for places := range 19 {
			got := string(a.Append([]byte("> "), FixedDecimals(places)))
			if want := "> " + halfToEven(value, places); got != want {
				t.Fatalf("%v to %d places is %s, want %s", a, places, got, want)
			}
		}
	})
}

// halfToEven is FloatString, which rounds halves away from zero, but to even.
func halfToEven(value *big.Rat, places int) string {
	text := value.FloatString(places)
	scale := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(places)), nil))
	rounded, _ := new(big.Rat).SetString(text)
	excess := new(big.Rat).Mul(new(big.Rat).Sub(rounded, value), scale)
	last := text[len(text)-1] - '0'
	if excess.Cmp(big.NewRat(1, 2)) == 0 && last%2 == 1 {
		rounded.Sub(rounded, new(big.Rat).Inv(scale))
		text = rounded.FloatString(places)
	}
	return text
}

func TestFixedDecimals(t *testing.T) {
	for _, test := range []struct {
		number string
		places int
		want   string
	}{
		{"19.99", 0, "20"}, {"0.5", 0, "0"}, {"1.5", 0, "2"}, {"2.5", 0, "2"}, {"2.500000000000000001", 0, "3"},
		{"0.125", 2, "0.12"}, {"0.135", 2, "0.14"}, {"19.99", 3, "19.990"}, {"0.001", 2, "0.00"},
		{"999999999999999999.5", 0, "1000000000000000000"}, {"1e-18", 18, "0.000000000000000001"},
	} {
		a, err := ParseAmount([]byte(test.number))
		if err != nil {
			t.Fatal(err)
		}
		if got := string(a.Append(nil, FixedDecimals(test.places))); got != test.want {
			t.Errorf("%s to %d places is %s, want %s", test.number, test.places, got, test.want)
		}
	}
}

func TestLimbs(t *testing.T) {
	a := AmountOfLimbs(1, 2, 3)
	if got := AmountOfLimbs(a.Limbs()); got != a {
		t.Errorf("%v became %v", a, got)
	}
	if got, want := fmt.Sprint(a), "1000000000000000002.000000000000000003"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if got, want := NewAmount(7, 25e16).String(), "7.25"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func BenchmarkParseAmount(b *testing.B) {
	number := []byte("19.99")
	for b.Loop() {
		if _, err := ParseAmount(number); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAmountAdd(b *testing.B) {
	var sum Amount
	a := NewAmount(19, 99e16)
	for b.Loop() {
		sum = sum.Add(a)
	}
}

func BenchmarkAmountAppend(b *testing.B) {
	buf := make([]byte, 0, 64)
	a := NewAmount(1234, 99e16)
	for b.Loop() {
		buf = a.Append(buf[:0], Decimals{})
	}
}
