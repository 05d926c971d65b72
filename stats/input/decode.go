package input

import (
	"bufio"
	"compress/bzip2"
	"errors"
	"fmt"
	"io"
	"runtime"

	"github.com/dustin/go-humanize"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// decoders turn stored bytes into text. They outlive an input for the sake of
// their memory, and none has a goroutine.
type decoders struct {
	maxWindow int64  // bytes that one may keep
	used      int64  // bytes that one has kept, at most, or been allowed to
	taken     int64  // bytes that were taken since the last collection
	pooled    bool   // some of them are in a sync.Pool, or will be
	format    Format // of the input that was opened last
	gzip      gzip.Reader
	snappy    snappyBlocks
	zstd      *zstd.Decoder // nil before the first zstd frame

	zstdWindow int64 // that zstd was made for, in bytes
}

// close lets go of the memory. The decoders may be used again.
func (d *decoders) close() {
	if d.zstd != nil {
		d.zstd.Close()
		d.zstd = nil
	}
	d.snappy = snappyBlocks{}
}

// turnTo says that the next input is of format f.
func (d *decoders) turnTo(f Format) {
	if f != d.format {
		d.close()
	}
	d.format = f
}

// open returns the text of an input whose stored bytes are raw, source's. Errors
// in the data come with reading.
func (d *decoders) open(raw *bufio.Reader, source *stored) (io.Reader, error) {
	f := source.format
	if f == formatUnknown {
		var err error
		if f, err = skipFrames(raw); err != nil {
			return nil, err
		}
	}
	d.turnTo(f)
	if f == FormatPlain {
		return raw, nil
	}
	return &decoder{format: f, decoders: d, raw: raw, source: source}, nil
}

// decoder reads one compressed input's text, all members of it. What third-party
// code does with damaged data, even a panic, becomes an error here, which is
// given again to whoever reads on.
type decoder struct {
	format   Format
	decoders *decoders
	raw      *bufio.Reader // the stored bytes, source's
	source   *stored
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
	}
	n, err = d.text.Read(p)
	return n, d.fault(err)
}

func (d *decoder) start() (io.Reader, error) {
	switch d.format {
	case FormatGzip:
		return d.decoders.openGzip(d.raw)
	case FormatZstd:
		return d.decoders.openZstd(d.raw)
	case FormatBzip2:
		return d.decoders.openBzip2(d.raw)
	case FormatXz:
		return &xzReader{raw: d.raw, allow: func(dictionary int64) error { return d.decoders.check(FormatXz, dictionary) }}, nil
	case FormatSnappy:
		return d.decoders.openSnappy(d.raw)
	default:
		return d.decoders.openLz4(d.raw)
	}
}

// fault puts a decoder's error into words.
func (d *decoder) fault(err error) error {
	var large *WindowError
	switch {
	case err == nil || err == io.EOF || errors.As(err, &large):
		return err
	case d.source.failure() != nil:
		return d.source.failure() // the data isn't to blame
	case errors.Is(err, zstd.ErrWindowSizeExceeded) || errors.Is(err, zstd.ErrDecoderSizeExceeded):
		return &WindowError{Format: d.format, Most: d.decoders.maxWindow} // in a frame after the first
	default:
		return fmt.Errorf("damaged %s data: %w", d.format, err)
	}
}

// WindowError says that decompressing would take more memory than Config.MaxWindow.
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
func (d *decoders) check(f Format, needed int64) error {
	if needed > d.maxWindow {
		return &WindowError{f, needed, d.maxWindow}
	}
	if d.taken+needed > d.maxWindow {
		runtime.GC()
		if d.pooled { // the first leaves alone what has been put in a sync.Pool
			runtime.GC()
		}
		d.taken, d.pooled = 0, false
	}
	d.taken += needed
	d.pooled = d.pooled || f == FormatLz4
	d.used = max(d.used, needed)
	return nil
}

func (d *decoders) openGzip(raw *bufio.Reader) (io.Reader, error) {
	m := &gzipMembers{raw: raw, member: &d.gzip}
	return m, m.next()
}

// gzipMembers reads the members of gzip data one by one. The library's own way to
// do so takes data that ends within the file name of a later member as whole.
type gzipMembers struct {
	raw    *bufio.Reader
	member *gzip.Reader
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

// next begins the next member. It returns io.EOF if there is none.
func (m *gzipMembers) next() error {
	if _, err := m.raw.Peek(1); err != nil {
		return err
	}
	if err := m.member.Reset(m.raw); err != nil {
		return unexpected(err)
	}
	m.member.Multistream(false)
	return nil
}

func (d *decoders) openBzip2(raw *bufio.Reader) (io.Reader, error) {
	head, err := raw.Peek(4)
	if err != nil {
		return nil, err
	}
	const perLevel = 4 * 100_000 // four bytes for each byte of a block
	return bzip2.NewReader(raw), d.check(FormatBzip2, perLevel*int64(head[3]-'0'))
}

// unexpected is for the end of data where it is not whole.
func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

func size(bytes int64) string { return humanize.IBytes(uint64(max(bytes, 0))) }
