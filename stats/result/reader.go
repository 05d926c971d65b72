package result

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"

	"dailystats/stats"
)

// Reader reads the rows of one result, and makes sure that it is one.
type Reader struct {
	ctx  context.Context
	name string
	text io.ReadCloser // nil when closed
	err  error         // of text, its end too

	// Buffer is what the reader reads with. It is free when the reader is closed.
	Buffer []byte

	lines  []byte // whole lines in Buffer that are to be read
	behind []byte // what follows them
	line   uint64 // number of the line that was read, or could not be

	parser Parser
	key    stats.Key // of the row that was read; noKey after the last
	totals stats.Totals
}

// NewReader returns a reader of the result in text, which errors call by a name. The buffer
// must hold the longest row, [LongestRow] bytes. Close closes text.
func NewReader(ctx context.Context, name string, text io.ReadCloser, buffer []byte) *Reader {
	return &Reader{ctx: ctx, name: name, text: text, Buffer: buffer}
}

// noKey is behind all others.
var noKey = stats.Key{Day: math.MaxUint32}

// start reads the header and the first row.
func (r *Reader) start() error {
	header, err := r.nextLine()
	if err == io.EOF {
		return fmt.Errorf("%s: not a result: it is empty, without even a header", r.name)
	}
	if err != nil {
		return err
	}
	if err := ParseHeader(bytes.TrimPrefix(header, []byte("\xef\xbb\xbf"))); err != nil {
		return r.fault(err)
	}
	return r.next()
}

// next reads the next row.
func (r *Reader) next() error {
	line, err := r.nextLine()
	if err == io.EOF {
		r.key = noKey
		r.Close()
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
func (r *Reader) nextLine() ([]byte, error) {
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
	line := bytes.TrimSuffix(r.lines[:end], []byte{'\r'}) // of an editor, or a transfer as text
	r.lines = r.lines[end+1:]
	return line, nil
}

// fill reads whole lines. An error has to wait until those before it are read.
func (r *Reader) fill() error {
	n := copy(r.Buffer, r.behind)
	if r.err == nil {
		m, err := io.ReadFull(r.text, r.Buffer[n:])
		n += m
		r.err = err
	}
	end := bytes.LastIndexByte(r.Buffer[:n], '\n') + 1
	r.lines, r.behind = r.Buffer[:end], r.Buffer[end:n]
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
func (r *Reader) fault(err error) error { return fmt.Errorf("%s:%d: %w", r.name, r.line, err) }

// Rows returns the number of rows, after the last one.
func (r *Reader) Rows() uint64 {
	const headerAndEnd = 2
	return r.line - headerAndEnd
}

// Close gives up what the reader holds, except for its buffer. It can be called again.
func (r *Reader) Close() {
	if r.text != nil {
		_ = r.text.Close() // all has been read, or isn't wanted
	}
	r.text, r.lines, r.behind = nil, nil, nil
}

// Writer writes a result.
type Writer struct {
	Out    io.Writer
	Append func(dst []byte, k stats.Key, t stats.Totals) []byte // renders a row: (*Rows).Append

	buf  []byte
	rows uint64
}

// WriterMemory is the number of bytes of rows that a Writer collects before it writes them.
const WriterMemory = 64 << 10

// Rows returns the number of rows written.
func (w *Writer) Rows() uint64 { return w.rows }

func (w *Writer) start() { w.buf = append(make([]byte, 0, WriterMemory), Header...) }

func (w *Writer) write(key stats.Key, totals stats.Totals) error {
	w.buf = w.Append(w.buf, key, totals)
	w.rows++
	if len(w.buf) < WriterMemory-LongestRow {
		return nil
	}
	return w.flush()
}

func (w *Writer) flush() error {
	_, err := w.Out.Write(w.buf)
	w.buf = w.buf[:0]
	return err
}
