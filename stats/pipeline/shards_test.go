package pipeline

import (
	"math"
	"testing"
)

// TestShardOfUserNeverChanges holds the hash to what was published: who has shards on
// disk adds new ones to them.
func TestShardOfUserNeverChanges(t *testing.T) {
	for _, test := range []struct {
		user  int64
		count int
		want  int
	}{
		{0, 1, 0},
		{0, 8, 0},
		{1, 2, 1},
		{1, 8, 5},
		{2, 8, 2},
		{-1, 8, 3},
		{123, 10, 8},
		{456, 1000, 580},
		{math.MaxInt64, 7, 3},
		{math.MinInt64, 1000, 50},
	} {
		if got := ShardOfUser(test.user, test.count); got != test.want {
			t.Errorf("user %d is in shard %d of %d, not in %d", test.user, got, test.count, test.want)
		}
	}
}

// TestShardsAreEven proves that users in a row, and multiples of any number, spread.
func TestShardsAreEven(t *testing.T) {
	const users, count = 100_000, 8
	for _, step := range []int64{1, 2, 8, 1000, 1 << 20, math.MaxInt64 / users} {
		var sizes [count]int
		for i := range int64(users) {
			sizes[ShardOfUser(i*step, count)]++
		}
		for shard, size := range sizes {
			if size < users/count*95/100 || size > users/count*105/100 {
				t.Errorf("of %d multiples of %d, %d are in shard %d of %d", users, step, size, shard, count)
			}
		}
	}
}
