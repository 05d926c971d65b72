package result

import (
	"fmt"
	"math/bits"

	"dailystats/stats"
)

// Sum writes what the rows of all readers add up to, in one pass, with each of the writers.
// There must be one reader at least.
func Sum(readers []*Reader, writers ...*Writer) error {
	for _, r := range readers {
		if err := r.start(); err != nil {
			return err
		}
	}
	for _, w := range writers {
		w.start()
	}
	for c := newContest(readers); c.key() != noKey; {
		key := c.key()
		sum, err := c.take()
		for err == nil && c.key() == key {
			sum, err = c.add(sum)
		}
		if err != nil {
			return err
		}
		for _, w := range writers {
			if err := w.write(key, sum); err != nil {
				return err
			}
		}
	}
	for _, w := range writers {
		if err := w.flush(); err != nil {
			return err
		}
	}
	return nil
}

// contest finds the row with the least key among those that readers are at: a
// tree of losers (Knuth, volume 3, 5.4.1). Readers are its leaves, and each pair
// plays: the loser stays at the node above, the winner plays on. When the winner
// of all has moved on, only the nodes above it have to play again.
//
//	    node 0 has the winner of all
//	      1
//	  2       3     node n has the loser of its two
//	4   5   6   7   readers 0 to 3, which are at no node
type contest struct {
	readers []*Reader
	nodes   []entrant
}

// entrant is a row in the contest. It has the key with it, so that playing looks
// at the nodes alone.
type entrant struct {
	key    stats.Key
	reader int
}

func (a entrant) before(b entrant) bool {
	return a.key.Day < b.key.Day || a.key.Day == b.key.Day && a.key.User < b.key.User
}

// newContest needs one reader at least, each of them at its first row.
func newContest(readers []*Reader) *contest {
	c := &contest{readers: readers, nodes: make([]entrant, len(readers))}
	c.nodes[0] = c.play(1)
	return c
}

// play plays all below a node, and returns the winner.
func (c *contest) play(node int) entrant {
	if i := node - len(c.nodes); i >= 0 {
		return entrant{c.readers[i].key, i}
	}
	winner, loser := c.play(2*node), c.play(2*node+1)
	if loser.before(winner) {
		winner, loser = loser, winner
	}
	c.nodes[node] = loser
	return winner
}

// key returns the least key, or noKey after the last row.
func (c *contest) key() stats.Key { return c.nodes[0].key }

// take returns the totals of the row with the least key, and moves on.
func (c *contest) take() (stats.Totals, error) {
	winner := c.nodes[0]
	r := c.readers[winner.reader]
	totals := r.totals
	if err := r.next(); err != nil {
		return totals, err
	}
	winner.key = r.key
	for node := (winner.reader + len(c.nodes)) / 2; node > 0; node /= 2 {
		if c.nodes[node].before(winner) {
			winner, c.nodes[node] = c.nodes[node], winner
		}
	}
	c.nodes[0] = winner
	return totals, nil
}

// add takes the next row's totals and adds them to sum.
func (c *contest) add(sum stats.Totals) (stats.Totals, error) {
	r := c.readers[c.nodes[0].reader]
	if _, carry := bits.Add64(sum.Events, r.totals.Events, 0); carry != 0 {
		return sum, r.fault(fmt.Errorf("event_count %d takes the sum for %v,%d past 2^64-1", r.totals.Events, r.key.Day, r.key.User))
	}
	totals, err := c.take()
	return sum.Add(totals), err
}
