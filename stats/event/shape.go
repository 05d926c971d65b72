package event

import "iter"

// A line is scalars with structure between them:
//
//	{"user_id": 1, "event_type": "view", "tags": ["a", "b"]}
//	├─────────┤ ├──────────────┤      ├─────────┤   ├┤   ├─┤
//
// The structure of one line is nearly always that of some line before. So it is
// learned: what is the same again is compared, not parsed.

// field is what a scalar is the value of.
type field uint8

const (
	noField field = iota // one that doesn't matter, or none
	userID
	eventType
	timestamp
	amount
	endOfLine // there is no scalar any more

	fieldCount = endOfLine

	// clearing marks a segment that begins a node anew, mapped a field whose value is not as the
	// zero Schema has it: see mapped.go.
	clearing field = 1 << 7
	mapped   field = 1 << 6
)

// fieldSet has a bit for each of some fields.
type fieldSet uint8

func (f field) bit() fieldSet { return 1 << f }

// all yields the fields of the set.
func (s fieldSet) all() iter.Seq[field] {
	return func(yield func(field) bool) {
		for f := range field(fieldCount) {
			if s&f.bit() != 0 && !yield(f) {
				return
			}
		}
	}
}

// nesting is the objects and arrays that are open: a bit each, the innermost
// lowest, 1 for an object.
type nesting struct {
	objects uint64
	depth   int
	node    *node // the innermost one on the way to a value; nil where nothing matters
}

// atNode reports whether the innermost object is the node, so that its members may matter.
func (n nesting) atNode() bool { return n.node != nil && n.depth == n.node.depth }

// mostNested is how deep a nesting can be.
const mostNested = 64

func (n nesting) push(object bool) nesting {
	n.objects <<= 1
	if object {
		n.objects |= 1
	}
	n.depth++
	return n
}

func (n nesting) pop() nesting {
	if n.atNode() && n.node.parent != nil {
		n.node = n.node.parent
	}
	n.objects >>= 1
	n.depth--
	return n
}

func (n nesting) inObject() bool { return n.objects&1 == 1 }

// segment is a text between two scalars, up to the second one's first byte or
// past the line's end, and what is known behind it.
type segment struct {
	content

	// What has followed the scalar. Each was parsed and found right from open on:
	// the same bytes behind the same nesting are as right again, and mean the same.
	next  [mostFollowing]*segment
	count int
}

// content is what makes a segment that one.
type content struct {
	words [2]uint64 // the text's first bytes
	masks [2]uint64 // that many of them
	rest  [longestSegment - 16]byte
	size  int

	found
}

// found is what was found behind a segment's text.
type found struct {
	open   nesting  // what the scalar is in
	field  field    // what it is the value of
	clears fieldSet // fields of nodes that the text begins anew: what they were counts no more
}

const (
	longestSegment = 48
	mostFollowing  = 4
	mostSegments   = 64
)

func newContent(text []byte, found found) content {
	c := content{size: len(text), found: found}
	var head [16]byte
	copy(c.rest[:], text[copy(head[:], text):])
	for i := range c.words {
		c.words[i] = word(head[:], 8*i)
		c.masks[i] = lowBytes(len(text) - 8*i)
	}
	return c
}

// lowBytes is the mask of the first n bytes of a word.
func lowBytes(n int) uint64 {
	if n <= 0 {
		return 0
	}
	return ^uint64(0) >> (64 - 8*min(uint(n), 8))
}

// follow returns the segment at position i of text, behind the scalar that s
// ends at, if it was learned, and where it ends.
func (s *segment) follow(text []byte, i int) (next *segment, end int) {
	if len(text)-i < 16 {
		return nil, i
	}
	first, second := word(text, i), word(text, i+8)
	for _, t := range s.next[:s.count] {
		if (first^t.words[0])&t.masks[0]|(second^t.words[1])&t.masks[1] != 0 {
			continue
		}
		end := i + t.size
		if t.size > 16 && !t.hasRest(text[i+16:]) {
			continue
		}
		if t.field == endOfLine || end < len(text) && startsScalar[text[end]] {
			return t, end
		}
	}
	return nil, i
}

func (c *content) hasRest(text []byte) bool {
	n := c.size - 16
	return len(text) >= n && string(text[:n]) == string(c.rest[:n])
}

// startsScalar says with which bytes a scalar can start. Where a segment doesn't
// end in front of one, there is more structure than was learned.
var startsScalar = func() (starts [256]bool) {
	for _, c := range []byte(`"-0123456789tfn`) {
		starts[c] = true
	}
	return starts
}()

// shape is the segments that were learned. Its memory is fixed: when there are
// too many, it starts afresh.
type shape struct {
	root     *node    // what lines are; nil is that of the zero Schema
	mapped   fieldSet // fields whose values are not as the zero Schema has them
	start    segment  // of no text; behind it, a line starts
	segments [mostSegments]segment
	count    int
	index    [indexSize]*segment // by hash; a later one takes the place of another
	passing  segment             // one that isn't kept
}

const (
	indexBits = 7
	indexSize = 1 << indexBits
)

func (c *content) hash() uint64 {
	const phi = 0x9e37_79b9_7f4a_7c15
	h := (c.words[0]*phi ^ c.words[1]) * phi
	h ^= c.open.objects ^ uint64(c.open.depth+c.size) ^ uint64(c.field)<<32 ^ uint64(c.clears)<<40
	return h * phi >> (64 - indexBits)
}

// learn reads the structure at position i of text, behind the scalar that s ends
// at, and remembers it. Where there is none, next is nil.
func (h *shape) learn(s *segment, text []byte, i int) (next *segment, end int) {
	open := s.open
	if s == &h.start {
		open.node = h.root
		if h.root == nil {
			open.node = defaultSchema.root
		}
	}
	found, end := structure(text, i, open)
	if end == unknown {
		return nil, unknown
	}
	found.mark(h.mapped)
	text = text[i:end]
	if len(text) > longestSegment || found.field == endOfLine && text[len(text)-1] != '\n' {
		h.passing = segment{content: content{found: found}}
		return &h.passing, end
	}
	if h.count == mostSegments {
		h.forget()
		s = &h.passing // which nothing needs to follow; s may be what is added now
	}
	next = h.keep(newContent(text, found))
	if s != &h.passing {
		s.next[min(s.count, mostFollowing-1)] = next
		s.count = min(s.count+1, mostFollowing)
	}
	return next, end
}

// mark sets the marks of a segment's field.
func (f *found) mark(isMapped fieldSet) {
	if isMapped&f.field.bit() != 0 {
		f.field |= mapped
	}
	if f.clears != 0 && f.field != endOfLine {
		f.field |= clearing
	}
}

// keep returns the segment with a content, which may be known already.
func (h *shape) keep(c content) *segment {
	known := &h.index[c.hash()]
	if *known == nil || (*known).content != c {
		*known = &h.segments[h.count]
		h.count++
		**known = segment{content: c}
	}
	return *known
}

func (h *shape) forget() {
	h.start.count, h.count = 0, 0
	clear(h.index[:])
}
