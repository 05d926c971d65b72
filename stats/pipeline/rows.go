package pipeline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"

	"dailystats/sorter"
	"dailystats/stats"
	"dailystats/stats/output"
)

// rowReader reads the rows of one result, and makes sure that it is one.
type rowReader struct {
	ctx  context.Context
	name string
	text io.ReadCloser // nil when closed
	err  error         // of text, its end too

	buf    []byte
	lines  []byte // whole lines in buf that are to be read
	behind []byte // what follows them
	line   uint64 // number of the line that was read, or could not be

	parser output.RowParser
	key    stats.Key // of the row that was read; noKey after the last
	totals stats.Totals
}

// noKey is behind all others.
var noKey = stats.Key{Day: math.MaxUint32}

// start reads the header and the first row.
func (r *rowReader) start() error {
	header, err := r.nextLine()
	if err == io.EOF {
		return fmt.Errorf("%s: not a result: it is empty, without even a header", r.name)
	}
	if err != nil {
		return err
	}
	if err := output.ParseHeader(header); err != nil {
		return r.fault(err)
	}
	return r.next()
}

// next reads the next row.
func (r *rowReader) next() error {
	line, err := r.nextLine()
	if err == io.EOF {
		r.key = noKey
		r.close()
		return nil
	}
	if err != nil {
		return err
	}
	key, totals, err := r.parser.Parse(line)
	if err != nil {
		return r.fault(err)
	}
	const firstRow = 2
	if r.line > firstRow && key.Compare(r.key) <= 0 {
		return r.fault(orderFault(r.key, key))
	}
	r.key, r.totals = key, totals
	return nil
}

func orderFault(before, key stats.Key) error {
	if key == before {
		return fmt.Errorf("%v,%d is there twice: not a result", key.Day, key.User)
	}
	return fmt.Errorf("%v,%d comes after %v,%d: a result is sorted by date, then by user_id", key.Day, key.User, before.Day, before.User)
}

// nextLine returns the next line without its line end, valid until the next call,
// or io.EOF after the last.
func (r *rowReader) nextLine() ([]byte, error) {
	r.line++
	if len(r.lines) == 0 {
		err := r.fill()
		switch {
		case r.ctx.Err() != nil:
			return nil, context.Cause(r.ctx)
		case err == io.EOF:
			return nil, err
		case err != nil:
			return nil, r.fault(err)
		}
	}
	end := bytes.IndexByte(r.lines, '\n')
	line := r.lines[:end]
	r.lines = r.lines[end+1:]
	return line, nil
}

// fill reads whole lines. An error has to wait until those before it are read.
func (r *rowReader) fill() error {
	n := copy(r.buf, r.behind)
	if r.err == nil {
		m, err := io.ReadFull(r.text, r.buf[n:])
		n += m
		r.err = err
	}
	end := bytes.LastIndexByte(r.buf[:n], '\n') + 1
	r.lines, r.behind = r.buf[:end], r.buf[end:n]
	ended := r.err == io.EOF || r.err == io.ErrUnexpectedEOF
	switch {
	case end > 0:
		return nil
	case r.err == nil:
		return errors.New("the line is longer than any of a result")
	case ended && n == 0:
		return io.EOF
	case ended:
		return errors.New("the line has no end: the result is cut off")
	default:
		return r.err
	}
}

// fault says which line err is about.
func (r *rowReader) fault(err error) error { return fmt.Errorf("%s:%d: %w", r.name, r.line, err) }

// rows returns how many rows there were, after the last.
func (r *rowReader) rows() uint64 {
	const headerAndEnd = 2
	return r.line - headerAndEnd
}

// close gives up what the reader holds, but its buffer. It can be called again.
func (r *rowReader) close() {
	if r.text != nil {
		_ = r.text.Close() // all has been read, or isn't wanted
	}
	r.text, r.lines, r.behind = nil, nil, nil
}

// rowWriter writes a result.
type rowWriter struct {
	w     io.Writer
	rows  sorter.Renderer
	buf   []byte
	count uint64 // rows written
}

// writeSize is how many bytes of rows are collected before they are written.
const writeSize = 64 * kib

func (w *rowWriter) start() { w.buf = append(make([]byte, 0, writeSize), output.Header...) }

func (w *rowWriter) write(key stats.Key, totals stats.Totals) error {
	w.buf = w.rows.Append(w.buf, key, totals)
	w.count++
	if len(w.buf) < writeSize-output.LongestRow {
		return nil
	}
	return w.flush()
}

func (w *rowWriter) flush() error {
	_, err := w.w.Write(w.buf)
	w.buf = w.buf[:0]
	return err
}
