// Package decode turns stored bytes into text: it detects how they are compressed, and
// decompresses them in bounded memory.
//
//   - format.go: [Format], detected by the first bytes;
//   - foreign.go: [ForeignError], about what is no text, detected in the same way;
//   - decode.go: [Decoders], for one input after the other; gzip and bzip2;
//   - frames.go: zstd and lz4, frame by frame;
//   - xz.go: the xz container;
//   - snappy.go: snappy, as messages have it.
package decode

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// Decoders turn stored bytes into text. They outlive an input to reuse their memory, and
// have no goroutines.
type Decoders struct {
	MaxWindow int64 // bytes that one may keep

	used   int64  // bytes that one has kept, at most, or been allowed to
	taken  int64  // bytes that were taken since the last garbage collection
	pooled bool   // some of them are in a sync.Pool, or will be
	format Format // of the input that was opened last
	gzip   gzip.Reader
	snappy snappyBlocks
	zstd   *zstd.Decoder // nil before the first zstd frame

	zstdWindow int64 // that zstd was made for, in bytes
}

// Format returns the format of the input that was opened last.
func (d *Decoders) Format() Format { return d.format }

// Used returns the number of bytes that a decoder has kept, at most.
func (d *Decoders) Used() int64 { return d.used }

// Close lets go of the memory. The decoders may be used again.
func (d *Decoders) Close() {
	if d.zstd != nil {
		d.zstd.Close()
		d.zstd = nil
	}
	d.snappy = snappyBlocks{}
}

// Stored is where stored bytes are read from.
type Stored interface {
	// Offset returns the number of bytes read so far.
	Offset() int64
	// Failure returns the error of reading them, if there was one: then the data is not to
	// blame.
	Failure() error
}

// Open returns the text of stored bytes, which raw has from s. The format is detected if it is
// Unknown; then it is an error if what is stored, or the text, is recognisably no text.
// Errors in the data come with reading.
func (d *Decoders) Open(raw *bufio.Reader, f Format, s Stored) (text io.Reader, err error) {
	detect := f == Unknown
	if detect {
		if f, err = skipFrames(raw); err != nil {
			return nil, err
		}
	}
	if detect && f == Plain {
		head, _ := raw.Peek(HeadLen) // what keeps it from being read will be told by reading
		if err := checkText(head, Plain); err != nil {
			return nil, err
		}
	}
	if f != d.format {
		d.Close()
	}
	d.format = f
	if f == Plain {
		return raw, nil
	}
	return &decoder{format: f, decoders: d, raw: raw, stored: s, check: detect}, nil
}

// decoder reads one compressed input's text, all members of it. What third-party
// code does with damaged data, even a panic, becomes an error here, which is
// given again to whoever reads on.
type decoder struct {
	format   Format
	decoders *Decoders
	raw      *bufio.Reader // the stored bytes
	stored   Stored
	check    bool      // the text's first bytes are looked at
	text     io.Reader // nil before the first read
	err      error
}

// Read implements io.Reader.
func (d *decoder) Read(p []byte) (n int, err error) {
	if d.err != nil {
		return 0, d.err
	}
	defer func() {
		if v := recover(); v != nil {
			n, err = 0, fmt.Errorf("damaged %s data: the decoder failed: %v", d.format, v)
		}
		d.err = err
	}()
	if d.text == nil {
		if d.text, err = d.start(); err != nil {
			return 0, d.fault(unexpected(err))
		}
		if d.check {
			if err := d.checkText(); err != nil {
				return 0, err
			}
		}
	}
	n, err = d.text.Read(p)
	return n, d.fault(err)
}

// checkText looks at the first bytes of the text, which will be read again.
func (d *decoder) checkText() (err error) {
	head, n := make([]byte, HeadLen), 0
	for n < len(head) && err == nil {
		var m int
		m, err = d.text.Read(head[n:])
		n += m
	}
	if err != nil {
		d.text = failed{err}
	}
	d.text = io.MultiReader(bytes.NewReader(head[:n]), d.text)
	return checkText(head[:n], d.format)
}

// failed is what can't be read, any more.
type failed struct{ err error }

// Read implements io.Reader.
func (f failed) Read([]byte) (int, error) { return 0, f.err }

func (d *decoder) start() (io.Reader, error) {
	switch d.format {
	case Gzip:
		return d.decoders.openGzip(d.raw)
	case Zstd:
		return d.decoders.openZstd(d.raw)
	case Bzip2:
		return d.decoders.openBzip2(d.raw)
	case Xz:
		return &xzReader{raw: d.raw, allow: func(dictionary int64) error { return d.decoders.check(Xz, dictionary) }}, nil
	case Snappy:
		return d.decoders.openSnappy(d.raw)
	default:
		return d.decoders.openLz4(d.raw)
	}
}

// fault puts a decoder's error into words.
func (d *decoder) fault(err error) error {
	var large *WindowError
	var behind trailing
	switch {
	case err == nil || err == io.EOF || errors.As(err, &large):
		return err
	case d.stored.Failure() != nil:
		return d.stored.Failure()
	case errors.As(err, &behind):
		return fmt.Errorf("bytes that are no %v data begin at byte %d: remove them", d.format, d.stored.Offset()-int64(d.raw.Buffered())-int64(behind))
	case errors.Is(err, zstd.ErrWindowSizeExceeded) || errors.Is(err, zstd.ErrDecoderSizeExceeded):
		return &WindowError{Format: d.format, Most: d.decoders.MaxWindow} // in a frame after the first
	default:
		return fmt.Errorf("damaged %s data: %w", d.format, err)
	}
}

// WindowError says that decompressing would take more memory than Decoders.MaxWindow.
type WindowError struct {
	Format Format
	Needed int64 // bytes; 0 if it is not known
	Most   int64 // bytes
}

// Error implements error.
func (e *WindowError) Error() string {
	needed := "more"
	if e.Needed > 0 {
		needed = size(e.Needed) + ", more"
	}
	return fmt.Sprintf("decompressing its %s data takes %s than the %s that there is for it", e.Format, needed, size(e.Most))
}

// check returns an error if decoding takes more memory than there is for it: for one
// window. What was given up before is collected if there is no room for both.
func (d *Decoders) check(f Format, needed int64) error {
	if needed > d.MaxWindow {
		return &WindowError{f, needed, d.MaxWindow}
	}
	if d.taken+needed > d.MaxWindow {
		runtime.GC()
		if d.pooled { // the first leaves alone what has been put in a sync.Pool
			runtime.GC()
		}
		d.taken, d.pooled = 0, false
	}
	d.taken += needed
	d.pooled = d.pooled || f == Lz4
	d.used = max(d.used, needed)
	return nil
}

func (d *Decoders) openGzip(raw *bufio.Reader) (io.Reader, error) {
	m := &gzipMembers{raw: raw, member: &d.gzip}
	return m, m.next()
}

// gzipMembers reads the members of gzip data one by one. The library's own way to
// do so takes data that ends within the file name of a later member as whole.
type gzipMembers struct {
	raw    *bufio.Reader
	member *gzip.Reader
	read   bool // the first one has been begun
}

// Read implements io.Reader.
func (m *gzipMembers) Read(p []byte) (int, error) {
	for {
		n, err := m.member.Read(p)
		if err != io.EOF {
			return n, err
		}
		if err := m.next(); err != nil || n > 0 {
			return n, err
		}
	}
}

// next begins the next member. It returns io.EOF if there is none, but zeros: tape drives and
// gzip take them for padding.
func (m *gzipMembers) next() error {
	if m.read {
		if err := skipZeros(m.raw); err != nil {
			return err
		}
		if err := checkMagic(m.raw, Gzip); err != nil {
			return err
		}
	}
	m.read = true
	if err := m.member.Reset(m.raw); err != nil {
		return unexpected(err)
	}
	m.member.Multistream(false)
	return nil
}

func (d *Decoders) openBzip2(raw *bufio.Reader) (io.Reader, error) {
	head, err := raw.Peek(4)
	if err != nil {
		return nil, err
	}
	const perLevel = 4 * 100_000 // four bytes for each byte of a block
	return bzip2Streams{bzip2.NewReader(raw)}, d.check(Bzip2, perLevel*int64(head[3]-'0'))
}

// bzip2Streams tells what is behind the last stream.
type bzip2Streams struct{ io.Reader }

// Read implements io.Reader.
func (s bzip2Streams) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	if err == bzip2.StructuralError("bad magic value in continuation file") {
		err = trailing(2)
	}
	return n, err
}

// trailing is an error where no further member follows. It is the number of bytes that have
// been read of what does.
type trailing int

// Error implements error.
func (trailing) Error() string { return "trailing bytes" }

// checkMagic returns a trailing error if what follows is not of a format. Where there is less than
// a magic, it may be a member's beginning.
func checkMagic(raw *bufio.Reader, f Format) error {
	head, err := raw.Peek(MagicLen)
	if len(head) == 0 {
		return err
	}
	if FormatOf(head) == f || strings.HasPrefix(magics[f], string(head)) {
		return nil
	}
	return trailing(0)
}

// skipZeros drops zeros up to the end. It leaves alone what has other bytes before that.
func skipZeros(raw *bufio.Reader) error {
	for {
		b, err := raw.ReadByte()
		if err != nil {
			return err
		}
		if b != 0 {
			return raw.UnreadByte()
		}
	}
}

// unexpected is for the end of data where it is not whole.
func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

func size(bytes int64) string { return humanize.IBytes(uint64(max(bytes, 0))) }
