package bench

import (
	"bufio"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"math/big"
	"os"
	"strconv"
	"strings"

	"dailystats/stats/result"

	"github.com/dustin/go-humanize"
)

// Comparison is how a result differs from ours.
type Comparison struct {
	Missing  uint64  `json:"missing"`       // rows that only ours has
	Extra    uint64  `json:"extra"`         // rows that ours hasn't
	Counts   uint64  `json:"other_counts"`  // rows with another number of events or purchases
	Revenues uint64  `json:"other_revenue"` // rows with another revenue, by number and not by text
	Furthest float64 `json:"furthest"`      // the largest difference of a revenue
}

// String says it in words.
func (c Comparison) String() string {
	var differences []string
	add := func(n uint64, what string) {
		if n > 0 {
			differences = append(differences, humanize.Comma(int64(n))+" "+what)
		}
	}
	add(c.Missing, "rows missing")
	add(c.Extra, "rows too many")
	add(c.Counts, "other counts")
	if c.Revenues > 0 {
		add(c.Revenues, fmt.Sprintf("revenues off by up to %.1g", c.Furthest))
	}
	if differences == nil {
		return "equal"
	}
	return strings.Join(differences, ", ")
}

// compare compares a result with ours. Both are read side by side, in constant
// memory, so they must be sorted.
func compare(ours, theirs string) (Comparison, error) {
	a, err := openResult(ours)
	if err != nil {
		return Comparison{}, err
	}
	defer a.close()
	b, err := openResult(theirs)
	if err != nil {
		return Comparison{}, err
	}
	defer b.close()
	var c Comparison
	for !a.ended || !b.ended {
		order := a.compareKey(b)
		switch {
		case order < 0:
			c.Missing++
		case order > 0:
			c.Extra++
		default:
			err = c.group(a, b)
		}
		if order <= 0 && err == nil {
			err = a.next()
		}
		if order >= 0 && err == nil {
			err = b.next()
		}
		if err != nil {
			return c, err
		}
	}
	return c, nil
}

// group compares what two results say of the group that they stand at.
func (c *Comparison) group(a, b *resultReader) error {
	if a.row.events != b.row.events || a.row.purchases != b.row.purchases {
		c.Counts++
	}
	if a.row.revenue == b.row.revenue {
		return nil
	}
	revenueA, errA := a.revenue()
	revenueB, errB := b.revenue()
	if err := cmp.Or(errA, errB); err != nil {
		return err
	}
	if difference := revenueA.Sub(revenueA, revenueB); difference.Sign() != 0 {
		c.Revenues++
		furthest, _ := difference.Abs(difference).Float64()
		c.Furthest = max(c.Furthest, furthest)
	}
	return nil
}

// row is one group of a result.
type row struct {
	date              string
	user              int64
	events, purchases string
	revenue           string
}

// resultReader reads a result, group by group.
type resultReader struct {
	file  *os.File
	lines *bufio.Scanner
	line  int

	row   row
	ended bool
}

// openResult stands at the first group of a result.
func openResult(path string) (*resultReader, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	r := &resultReader{file: file, lines: bufio.NewScanner(file)}
	if r.lines.Scan(); r.lines.Text()+"\n" != result.Header {
		r.close()
		return nil, fmt.Errorf("its first line is %.100q, which is not the header of a result", r.lines.Text())
	}
	r.line = 1
	if err := r.next(); err != nil {
		r.close()
		return nil, err
	}
	return r, nil
}

func (r *resultReader) close() { r.file.Close() }

// next goes on to the next group, which must be behind this one.
func (r *resultReader) next() error {
	if !r.lines.Scan() {
		r.ended = true
		return r.lines.Err()
	}
	r.line++
	previous := r.row
	fields := strings.Split(r.lines.Text(), ",")
	if len(fields) != 5 {
		return fmt.Errorf("line %d of its result is no row: %.100q", r.line, r.lines.Text())
	}
	user, err := strconv.ParseInt(fields[1], 10, 64)
	if err != nil {
		return fmt.Errorf("line %d of its result has no user: %.100q", r.line, r.lines.Text())
	}
	r.row = row{fields[0], user, fields[2], fields[3], fields[4]}
	if r.line > 2 && previous.compareKey(r.row) >= 0 {
		return fmt.Errorf("line %d of its result is not behind the one before", r.line)
	}
	return nil
}

// revenue is the revenue as a number: some tools write 1.5e+06, or 20 for 20.00.
func (r *resultReader) revenue() (*big.Float, error) {
	const precision = 256 // bits
	revenue, _, err := big.ParseFloat(r.row.revenue, 10, precision, big.ToNearestEven)
	if err != nil || revenue.IsInf() {
		return nil, fmt.Errorf("line %d of its result has no revenue: %.100q", r.line, r.lines.Text())
	}
	return revenue, nil
}

// compareKey orders what two readers stand at. The end is behind all groups.
func (r *resultReader) compareKey(other *resultReader) int {
	switch {
	case r.ended:
		return 1
	case other.ended:
		return -1
	default:
		return r.row.compareKey(other.row)
	}
}

func (r row) compareKey(other row) int {
	return cmp.Or(strings.Compare(r.date, other.date), cmp.Compare(r.user, other.user))
}

// hashFile returns the start of a file's SHA-256.
func hashFile(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		return "", err
	}
	return hex.EncodeToString(hash.Sum(nil))[:16], nil
}
