package input

import (
	"encoding/binary"
	"iter"
)

// Sources is a list of inputs, in order. It is made for millions of files: of each
// it keeps what its name doesn't share with the name before, and a few bytes more.
// The zero value is an empty list.
//
// A file's entry lies in one chunk. All numbers are uvarints:
//
//	┌──────┬────────┬────────┬──────┬──────┬───────────────┐
//	│ kind │ shared │ length │ name │ size │ [from, until] │
//	└──────┴────────┴────────┴──────┴──────┴───────────────┘
//
// shared is how many bytes of the name before begin this one, and name the length
// bytes that follow them. from and until are there for a part of a file. What is no
// file on this host is kept as it is, and its entry is the kind alone.
type Sources struct {
	chunks [][]byte
	others []Source // those that are no files
	name   string   // of the last file
	count  int
	size   int64 // bytes of those that have a size
	sized  int   // how many have one

	memory  int64 // that all chunks take, or would
	room    int   // that is left in the last of them
	counted bool  // nothing is kept any more, only counted
}

// Kinds of entries.
const (
	kindOther = iota
	kindFile
	kindPart
)

const (
	smallestChunk = 1 << 10
	largestChunk  = 64 << 10
	otherMemory   = 256 // of a source that is no file, with its name
)

// SourcesOf returns a list of sources.
func SourcesOf(sources ...Source) *Sources {
	list := new(Sources)
	for _, s := range sources {
		list.Add(s)
	}
	return list
}

// Add appends a source.
func (l *Sources) Add(s Source) {
	l.count++
	if size := s.Size(); size >= 0 {
		l.size += size
		l.sized++
	}
	var file regularFile
	var part *filePart
	switch k := s.kind.(type) {
	case regularFile:
		file = k
	case filePart:
		file, part = k.file, &k
	default:
		l.others = append(l.others, s)
		l.append([]byte{kindOther}, "", nil)
		return
	}
	shared := sharedPrefix(l.name, s.Name)
	rest := s.Name[shared:]
	l.name = s.Name
	var space [6 * binary.MaxVarintLen64]byte
	head := append(space[:0], kindFile)
	if part != nil {
		head[0] = kindPart
	}
	head = binary.AppendUvarint(head, uint64(shared))
	head = binary.AppendUvarint(head, uint64(len(rest)))
	tail := binary.AppendUvarint(head[len(head):], uint64(file))
	if part != nil {
		tail = binary.AppendUvarint(tail, uint64(part.from))
		tail = binary.AppendUvarint(tail, uint64(part.until))
	}
	l.append(head, rest, tail)
}

// append adds an entry's bytes.
func (l *Sources) append(head []byte, name string, tail []byte) {
	need := len(head) + len(name) + len(tail)
	if l.room < need {
		l.room = max(need, int(min(max(l.memory, smallestChunk), largestChunk)))
		l.memory += int64(l.room)
		if !l.counted {
			l.chunks = append(l.chunks, make([]byte, 0, l.room))
		}
	}
	l.room -= need
	if l.counted {
		return
	}
	last := &l.chunks[len(l.chunks)-1]
	*last = append(append(append(*last, head...), name...), tail...)
}

// countOnly gives up what the list holds. It goes on to tell what it would take.
func (l *Sources) countOnly() { l.chunks, l.counted = nil, true }

func sharedPrefix(a, b string) (n int) {
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// Len returns the number of sources.
func (l *Sources) Len() int { return l.count }

// Size returns the number of bytes of all sources, or -1 where one of them has no
// size.
func (l *Sources) Size() int64 {
	if l.sized < l.count {
		return -1
	}
	return l.size
}

// Memory returns the number of bytes that the list takes.
func (l *Sources) Memory() int64 { return l.memory + int64(len(l.others))*otherMemory }

// All yields the sources.
func (l *Sources) All() iter.Seq[Source] {
	return func(yield func(Source) bool) {
		c := cursor{list: l}
		for s, ok := c.next(); ok && yield(s); s, ok = c.next() {
		}
	}
}

// cursor goes through a list.
type cursor struct {
	list   *Sources
	chunk  []byte // what is left of the one at hand
	chunks int    // that were begun
	others int    // that were passed
	name   []byte // of the last file
}

// next returns the next source. It reports false if there is none.
func (c *cursor) next() (s Source, ok bool) {
	for len(c.chunk) == 0 {
		if c.chunks == len(c.list.chunks) {
			return s, false
		}
		c.chunk = c.list.chunks[c.chunks]
		c.chunks++
	}
	kind := c.number()
	if kind == kindOther {
		c.others++
		return c.list.others[c.others-1], true
	}
	shared, length := c.number(), c.number()
	c.name = append(c.name[:shared], c.chunk[:length]...)
	c.chunk = c.chunk[length:]
	file := regularFile(c.number())
	if kind == kindPart {
		from, until := int64(c.number()), int64(c.number())
		return Source{string(c.name), filePart{file, from, until}}, true
	}
	return Source{string(c.name), file}, true
}

func (c *cursor) number() uint64 {
	n, length := binary.Uvarint(c.chunk)
	c.chunk = c.chunk[length:]
	return n
}
