package input

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"

	"dailystats/stats/input/decode"
)

// lane reads one source after the other, side by side with other lanes. It is
// one goroutine's.
type lane struct {
	reader   *Reader
	raw      *bufio.Reader   // an input's stored bytes
	decoders decode.Decoders // of inputs that are read ahead
	early    early
	kept     pool // one block, for lines of an input read ahead that are replayed
}

func newLane(r *Reader) *lane {
	return &lane{
		reader:   r,
		raw:      bufio.NewReaderSize(nil, rawBuffer),
		decoders: decode.Decoders{MaxWindow: r.aheadWindow},
		early:    early{back: make(pool, 1)},
		kept:     newPool(1),
	}
}

// run reads sources until there are no more.
func (l *lane) run(ctx context.Context) error {
	defer func() {
		l.decoders.Close()
		l.reader.aheadUsed.Add(rawBuffer + l.decoders.Used() + l.kept.memory())
	}()
	for {
		s, number, turn, ok := l.reader.order.take()
		if !ok {
			return nil
		}
		err := l.read(ctx, s, turn)
		if err != nil {
			_ = turn.wait(ctx) // so that of two errors the first input's is told
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			return fileError(s.Name, err)
		}
		l.reader.order.end(number)
	}
}

// read opens a source and sends its blocks. What has no size, it leaves alone
// until its turn: whoever writes to several pipes may do so in their order.
func (l *lane) read(ctx context.Context, s Source, turn turn) error {
	if log, ok := s.kind.(messageLog); ok {
		return l.readMessages(ctx, log, s.Name, turn)
	}
	if s.Size() < 0 {
		if err := turn.wait(ctx); err != nil {
			return err
		}
	}
	from, err := openStored(ctx, s, l.reader.stdin, &l.reader.bytesRead)
	if err != nil {
		return err
	}
	defer from.close()
	return l.readStored(ctx, s, turn, from)
}

// readStored sends the blocks of a source whose stored bytes are s.
func (l *lane) readStored(ctx context.Context, source Source, turn turn, s *stored) error {
	c := cutter{line: 1}
	var err error
	switch k := source.kind.(type) {
	case standardInput:
		if k.ByOffset {
			return l.readPiece(ctx, k.Piece, source.Name, turn, s)
		}
		err = l.openWhole(ctx, &c, s, turn)
	case filePart:
		err = l.openPart(&c, k, s)
	default:
		err = l.openWhole(ctx, &c, s, turn)
	}
	if err != nil {
		return err
	}
	if c.sender, err = l.newSender(ctx, source.Name, turn, c.numbering == byOffset); err != nil {
		return err
	}
	return c.run(ctx)
}

// openWhole has c cut all of a source's text.
func (l *lane) openWhole(ctx context.Context, c *cutter, s *stored, turn turn) (err error) {
	if c.text, err = l.open(ctx, s, turn); err == nil {
		c.text, _, err = skipBOM(c.text)
	}
	return err
}

// openPart has c cut a part of a file, whose lines are numbered by their offset.
func (l *lane) openPart(c *cutter, p filePart, s *stored) error {
	part, err := openPart(l.raw, s, p.from, p.until)
	if err != nil {
		return err
	}
	c.text, c.numbering, c.line = part, byOffset, uint64(part.at)
	if p.from > 0 {
		return nil
	}
	text, bom, err := skipBOM(part)
	c.text, c.line = text, uint64(bom)
	return err
}

// readMessages sends the blocks of a log of messages.
func (l *lane) readMessages(ctx context.Context, open messageLog, name string, turn turn) error {
	messages := open(ctx, func(data []byte, f decode.Format) (io.Reader, error) {
		return l.open(ctx, &stored{r: bytes.NewReader(data), size: int64(len(data)), total: &l.reader.bytesRead, format: f}, turn)
	})
	defer messages.Close()
	sender, err := l.newSender(ctx, name, turn, true)
	if err != nil {
		return err
	}
	p := packer{sender: sender, messages: messages}
	return p.run(ctx)
}

func (l *lane) newSender(ctx context.Context, name string, turn turn, offsets bool) (s *sender, err error) {
	s = &sender{reader: l.reader, input: name, offsets: offsets}
	if !turn.hasCome() {
		s.early, err = l.readAhead(ctx, turn)
	}
	return s, err
}

// readAhead prepares for an input that is read before its turn.
func (l *lane) readAhead(ctx context.Context, turn turn) (*early, error) {
	kept, err := l.kept.take(ctx, 0)
	if err != nil {
		return nil, err
	}
	kept.Data, kept.numbers, kept.numbering = kept.Data[:0], kept.numbers[:0], listed
	l.early = early{turn: turn, back: l.early.back, kept: kept, memory: l.reader.keptSize}
	return &l.early, nil
}

// open returns the text of what is stored in s.
func (l *lane) open(ctx context.Context, s *stored, turn turn) (io.Reader, error) {
	if turn.hasCome() {
		return l.openInTurn(s)
	}
	l.raw.Reset(s)
	text, err := l.decoders.Open(l.raw, s.format, s)
	return &frugal{ctx: ctx, lane: l, turn: turn, stored: s, text: text}, err
}

// openInTurn is open with all the memory that a decoder may have. Only the lane
// that has the turn may do so.
func (l *lane) openInTurn(s *stored) (io.Reader, error) {
	l.decoders.Close()
	l.raw.Reset(s)
	return l.reader.decoders.Open(l.raw, s.format, s)
}

// frugal reads a file's text with no more memory than one that is read ahead may
// take. Where that is not enough, it waits for the file's turn and starts again
// with all that there is.
type frugal struct {
	ctx    context.Context
	lane   *lane
	turn   turn
	stored *stored
	text   io.Reader
	n      int64 // bytes of text read
}

// Read implements io.Reader.
func (f *frugal) Read(p []byte) (n int, err error) {
	n, err = f.text.Read(p)
	if large := new(*decode.WindowError); n == 0 && errors.As(err, large) && f.lane.decoders.MaxWindow < f.lane.reader.decoders.MaxWindow {
		if err := f.restart(); err != nil {
			return 0, err
		}
		n, err = f.text.Read(p)
	}
	f.n += int64(n)
	return n, err
}

// restart opens the text again in its turn, where reading has come to.
func (f *frugal) restart() (err error) {
	if err := f.turn.wait(f.ctx); err != nil {
		return err
	}
	if err := f.stored.rewind(); err != nil {
		return err
	}
	if f.text, err = f.lane.openInTurn(f.stored); err != nil {
		return err
	}
	_, err = io.CopyN(io.Discard, f.text, f.n)
	return err
}

// skipBOM drops a byte order mark at the start of text, and returns its length.
func skipBOM(text io.Reader) (rest io.Reader, length int, err error) {
	const bom = "\xef\xbb\xbf"
	t := bufio.NewReaderSize(text, 16) // larger reads go past its buffer
	head, err := t.Peek(len(bom))
	if err != nil && err != io.EOF {
		return nil, 0, err
	}
	if bytes.Equal(head, []byte(bom)) {
		length, err = t.Discard(len(bom))
		return t, length, err
	}
	return t, 0, nil
}
