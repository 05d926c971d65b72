package stats

import (
	"bytes"
	"math/big"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestParseSumUndoesAppend proves that every sum comes back from its exact form,
// and from a rounded one what that says.
func TestParseSumUndoesAppend(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := amounts().Draw(t, "amount")
		if got, ok := ParseSum(a.Append(nil, Decimals{})); !ok || got != a {
			t.Fatalf("%v became %v, %t", a, got, ok)
		}
		for places := range 19 {
			rounded := a.Append(nil, FixedDecimals(places))
			got, ok := ParseSum(rounded)
			if again := got.Append(nil, FixedDecimals(places)); !ok || !bytes.Equal(again, rounded) {
				t.Fatalf("%s became %s, %t", rounded, again, ok)
			}
		}
	})
}

var sumText = regexp.MustCompile(`\A(0|[1-9][0-9]*)(\.([0-9]{1,18}))?\z`)

// FuzzParseSum compares ParseSum, on any text, with a pattern and numbers of any
// size.
func FuzzParseSum(f *testing.F) {
	for _, text := range []string{
		"0", "0.00", "19.99", "1000000000000000000.5", "18446744073709551615999999999999999999.999999999999999999",
		"18446744073709551616000000000000000000", "00", "01.5", ".5", "5.", "-1", "+1", "1e3", " 1", "1,0", "1_000.00",
		"0.0000000000000000001", "99999999999999999999999999999999999999999", "1.5.5", "0x1", "1_000_000_000_000_000_000_000.00",
		"1.x", "1000000000000000000x", "",
	} {
		f.Add(text)
	}
	tooLarge := exact(AmountOfLimbs(1<<63, 0, 0))
	tooLarge.Lsh(tooLarge, 1)
	f.Fuzz(func(t *testing.T, text string) {
		got, ok := ParseSum([]byte(text))
		parts := sumText.FindStringSubmatch(text)
		if parts == nil {
			if ok {
				t.Errorf("%q was taken for %v", text, got)
			}
			return
		}
		want, _ := new(big.Int).SetString(parts[1]+parts[3]+strings.Repeat("0", 18-len(parts[3])), 10)
		if fits := want.Cmp(tooLarge) < 0; ok != fits || ok && exact(got).Cmp(want) != 0 {
			t.Errorf("%q is %v, %t", text, got, ok)
		}
	})
}

func BenchmarkParseSum(b *testing.B) {
	text := []byte("1234.99")
	for b.Loop() {
		if _, ok := ParseSum(text); !ok {
			b.Fatal("not a sum")
		}
	}
}
