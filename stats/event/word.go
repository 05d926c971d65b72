package event

import (
	"encoding/binary"
	"math/bits"
)

// The functions here look at eight bytes of text as one number, the first byte
// lowest. Bytes that don't matter may lie behind what is read, past the line's
// end too, but all of them within b: near its end they answer unknown.

const (
	ones  = 0x0101_0101_0101_0101
	highs = 0x8080_8080_8080_8080
)

func word(b []byte, i int) uint64 { return binary.LittleEndian.Uint64(b[i:]) }

// firstByte is the index of the first byte that is marked by its highest bit, or
// 8.
func firstByte(marks uint64) int { return bits.TrailingZeros64(marks) / 8 }

// stringEnds marks quotes, backslashes and control characters.
//
// A byte b below 0x80 is a control character if b-0x20 borrows from its highest
// bit, and it is c if (b^c)-1 does. A borrow can reach the bytes above one that
// is found, but none below: the lowest byte marked is right.
func stringEnds(x uint64) uint64 {
	quote, backslash := x^ones*'"', x^ones*'\\'
	return ((quote - ones) | (backslash - ones) | (x - ones*' ')) & ^x & highs
}

// shortString passes over a string of up to 15 bytes, all ASCII and none of them
// escaped, which starts with the quote at i.
func shortString(b []byte, i int) int {
	if len(b)-i < 1+16 {
		return unknown
	}
	x, y := word(b, i+1), word(b, i+9)
	n, next := firstByte(stringEnds(x)|x&highs), firstByte(stringEnds(y)|y&highs)
	if n == 8 {
		n += next // computed in any case: which word it is can't be foreseen
	}
	if n == 16 || b[i+1+n] != '"' {
		return unknown
	}
	return i + 1 + n + 1
}

// isPurchase reports whether the string that starts with the quote at i is
// "purchase".
func isPurchase(b []byte, i int) bool {
	const purchase = 'p' | 'u'<<8 | 'r'<<16 | 'c'<<24 | 'h'<<32 | 'a'<<40 | 's'<<48 | 'e'<<56
	return len(b)-i >= len(`"purchase"`) && word(b, i+1) == purchase && b[i+9] == '"'
}

// digitsOf returns the number that the digits at the start of x make, and how
// many there are, up to 8.
//
// The method is that of Daniel Lemire, "Quickly parsing eight digits" (2018):
// neighbouring digits, then pairs, then fours are added up side by side.
func digitsOf(x uint64) (n uint64, count int) {
	x ^= ones * '0'
	count = firstByte((x + ones*(0x80-10) | x) & highs) // a borrow is not possible below the first
	x <<= uint(64-8*count) & 63                         // leading zeros
	x = x * (1 + 10<<8) >> 8 & 0x00ff_00ff_00ff_00ff
	x = x * (1 + 100<<16) >> 16 & 0x0000_ffff_0000_ffff
	return x * (1 + 10000<<32) >> 32, count
}
