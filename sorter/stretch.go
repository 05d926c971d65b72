package sorter

import (
	"context"
	"math"

	"dailystats/stats"
)

// stretch is a range of keys and all the pages that can hold one of them: a
// piece of the reduce pass that needs no other piece.
//
// Pages come by first key. So when the next page's first key is K, all pages
// that hold keys below K have been seen, and the keys below K can be reduced:
//
//	pages   ├──────a──────┤
//	           ├───b───┤
//	               ├─────c─────┤
//	                        ├────d────┤        ← K = first key of d
//	stretch ├───────────────┤ = a, b, c below K
//	next                    ├── … = c and d from K on: b and a have ended
type stretch struct {
	number uint64    // 0, 1, 2 …
	from   stats.Key // the least key in it
	until  stats.Key // the least key after it
	pages  []page    // by first key; not to be changed: the next stretch has some of them too
}

// isAll reports whether there is no other stretch.
func (s *stretch) isAll() bool { return s.number == 0 && s.until == endOfKeys }

// count returns the number of records in the pages.
func (s *stretch) count() (n int) {
	for _, p := range s.pages {
		n += p.count()
	}
	return n
}

// firstKey is not after any key, and endOfKeys is after all of them.
var (
	firstKey  = stats.Key{User: math.MinInt64}
	endOfKeys = stats.Key{Day: stats.MaxDay + 1, User: math.MinInt64}
)

// cut reads pages until next returns nil, and sends them as stretches of about
// target records each.
func cut(ctx context.Context, next func() (page, error), target int, out chan<- stretch) error {
	s := stretch{from: firstKey}
	fresh := 0 // records in pages that the stretch before didn't have
	for {
		p, err := next()
		if err != nil {
			return err
		}
		if p == nil {
			break
		}
		if first := p.first(); fresh >= target && first.Compare(s.from) > 0 {
			s.until = first
			if err := send(ctx, out, s); err != nil {
				return err
			}
			s = s.following()
			fresh = 0
		}
		s.pages = append(s.pages, p)
		fresh += p.count()
	}
	if len(s.pages) == 0 {
		return nil
	}
	s.until = endOfKeys
	return send(ctx, out, s)
}

func send(ctx context.Context, out chan<- stretch, s stretch) error {
	select {
	case out <- s:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// following starts the next stretch, with the pages that reach into it.
func (s *stretch) following() stretch {
	next := stretch{number: s.number + 1, from: s.until}
	for _, p := range s.pages {
		if p.last().Compare(s.until) >= 0 {
			next.pages = append(next.pages, p)
		}
	}
	return next
}
