package pipeline

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"runtime"

	"dailystats/stats"
	"dailystats/stats/input"
	"dailystats/stats/result"
	"dailystats/stats/spill"
)

// part is one of the results that are still to be merged: an input, or a run in a
// spill file, which was merged of several parts.
//
//	inputs           │a│b│c│d│e│f│g│h│  level 0
//	                  └┬──┘ └┬──┘
//	first spill file  │abc │def │       level 1, each a whole result
//	                        └┬──────┘
//	second one              │defgh│     level 2
//
// Parts are taken from the front, and what comes of them goes to the end. So a
// spill file is written by the time that it is read, however many levels there
// are, and its space is free when the next one is complete.
type part struct {
	source input.Source // at level 0
	need   input.Need
	level  int
	run    *io.SectionReader // from level 1 on
}

// findParts looks at how the inputs are stored, plans the memory for them, and makes
// each a part: that they fit is known before they take it.
func (m *merge) findParts(ctx context.Context, openFiles int) (err error) {
	inputs := make([]input.Need, 0, m.inputs.sources.Len())
	for s := range m.inputs.sources.All() {
		n, err := m.inputs.need(ctx, s)
		if err != nil {
			return err
		}
		inputs = append(inputs, n)
	}
	if m.plan, err = newMergePlan(m.Memory, inputs, m.demand(openFiles)); err != nil {
		return err
	}
	m.parts = make([]part, 0, len(inputs))
	for s := range m.inputs.sources.All() {
		m.parts = append(m.parts, part{source: s, need: inputs[len(m.parts)]})
	}
	m.plan.sort(m.parts)
	return nil
}

// do merges parts until there is only the result.
func (m *merge) do(ctx context.Context) error {
	for {
		n, last := m.plan.next(m.parts)
		if last {
			break
		}
		run, err := m.spill(ctx, m.parts[:n])
		if err != nil {
			return err
		}
		m.parts = append(m.parts[n:], run)
	}
	rows := &result.Rows{Decimals: m.Decimals}
	w := &result.Writer{Out: m.result, Append: func(dst []byte, k stats.Key, t stats.Totals) []byte {
		m.addRow(k, t)
		return rows.Append(dst, k, t)
	}}
	if err := m.mergeParts(ctx, m.parts, w); err != nil {
		return err
	}
	m.rows = w.Rows()
	return m.result.Finish()
}

// spill merges parts to one in a spill file.
func (m *merge) spill(ctx context.Context, parts []part) (part, error) {
	level := parts[len(parts)-1].level + 1
	if level > len(m.spills) {
		file, err := spill.Create(m.TempDir, &m.bytesSpilled)
		if err != nil {
			return part{}, err
		}
		m.spills = append(m.spills, &spillFile{File: file})
	}
	s := m.spills[level-1]
	start := s.Size()
	if err := m.mergeParts(ctx, parts, &result.Writer{Out: s, Append: new(result.Rows).Append}); err != nil {
		return part{}, err
	}
	s.runs++
	return part{level: level, run: io.NewSectionReader(s, start, s.Size()-start)}, nil
}

// mergeParts writes what parts add up to, and lets go of them.
func (m *merge) mergeParts(ctx context.Context, parts []part, w *result.Writer) error {
	if l := m.plan.sum(parts); l.memory > m.mostParts.memory {
		m.mostParts = l
	}
	readers := make([]*result.Reader, 0, len(parts))
	defer func() { m.closeReaders(parts, readers) }()
	for _, p := range parts {
		r, err := m.open(ctx, p)
		if err != nil {
			return cmp.Or(context.Cause(ctx), err)
		}
		readers = append(readers, r)
	}
	if err := result.Sum(readers, w); err != nil {
		return err
	}
	for i, p := range parts {
		if p.level == 0 {
			m.rowsRead += readers[i].Rows()
		} else {
			m.spills[p.level-1].release()
		}
	}
	return nil
}

// closeReaders makes sure that what the readers of parts took is free for the next ones.
func (m *merge) closeReaders(parts []part, readers []*result.Reader) {
	compressed := false
	for i, r := range readers {
		r.Close()
		m.buffers = append(m.buffers, r.Buffer)
		compressed = compressed || parts[i].need.Compressed
	}
	if compressed {
		runtime.GC() // it leaves alone what has just been put in a sync.Pool
		runtime.GC()
	}
}

// open opens a part.
func (m *merge) open(ctx context.Context, p part) (*result.Reader, error) {
	if p.level > 0 {
		return result.NewReader(ctx, "spill file", io.NopCloser(p.run), m.buffer()), nil
	}
	text, err := input.OpenText(ctx, p.source, input.TextConfig{
		MaxWindow: m.plan.window(p.need),
		Stdin:     m.inputs.stdin,
		BytesRead: &m.bytesRead,
	})
	if err != nil {
		return nil, fmt.Errorf("%v: %w", p.source, err)
	}
	return result.NewReader(ctx, p.source.String(), text, m.buffer()), nil
}

// buffer returns a buffer for a reader, which closeReaders takes back.
func (m *merge) buffer() (buffer []byte) {
	n := len(m.buffers)
	if n == 0 {
		return make([]byte, m.plan.Buffer)
	}
	buffer, m.buffers = m.buffers[n-1], m.buffers[:n-1]
	return buffer
}

// spillFile is a spill file with runs of rows.
type spillFile struct {
	*spill.File
	runs int // that are still to be merged
}

// release lets go of one run. With the last one goes the file: it has all that it
// will have.
func (s *spillFile) release() {
	if s.runs--; s.runs == 0 {
		s.Close()
	}
}
