package input

import (
	"bufio"
	"context"
	"io"
	"sync/atomic"

	"dailystats/stats/input/decode"
)

// Text is the text of one source as a stream, without any change. A Reader is
// better at reading one source after the other; Texts are for those that are
// read at the same time, each at its own pace.
//
// It takes 32 KiB if the source is compressed, and what a decoder takes.
type Text struct {
	stored   *stored
	decoders decode.Decoders
	text     io.Reader
}

// TextConfig says what a Text may use.
type TextConfig struct {
	MaxWindow int64         // what a decoder may keep; with 0, only plain text and gzip can be read
	Stdin     io.Reader     // what "-" means
	BytesRead *atomic.Int64 // is told of each byte that is taken, as it is stored
}

// OpenText opens a source. Errors, those of Read too, don't name it. The caller must call Close in the end. Like a Reader,
// it can be kept waiting, by standard input or a named pipe, until ctx is done:
// only then is a goroutine left behind, until that wait ends.
func OpenText(ctx context.Context, s Source, c TextConfig) (*Text, error) {
	from, err := openStored(ctx, s, c.Stdin, c.BytesRead)
	if err != nil {
		return nil, reason(err)
	}
	t := &Text{stored: from, decoders: decode.Decoders{MaxWindow: c.MaxWindow}}
	raw := bufio.NewReaderSize(from, decode.HeadLen) // plain text is read past it
	if magic, _ := raw.Peek(decode.MagicLen); decode.FormatOf(magic) != decode.Plain {
		raw = bufio.NewReaderSize(raw, rawBuffer)
	}
	if t.text, err = t.decoders.Open(raw, from.format, from); err != nil {
		t.Close()
		return nil, reason(err)
	}
	return t, nil
}

// Read implements io.Reader.
func (t *Text) Read(p []byte) (int, error) {
	n, err := t.text.Read(p)
	return n, reason(err)
}

// Close closes the source.
func (t *Text) Close() error {
	t.decoders.Close()
	return t.stored.close()
}
