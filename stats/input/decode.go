package input

import (
	"bufio"
	"compress/bzip2"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"runtime"

	"github.com/dustin/go-humanize"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// decoders turn stored bytes into text. They outlive an input for the sake of
// their memory, and none has a goroutine.
type decoders struct {
	maxWindow int64  // bytes that one may keep
	used      int64  // bytes that one has kept, at most, or been allowed to
	format    Format // of the input that was opened last
	gzip      gzip.Reader
	snappy    snappyBlocks
	zstd      *zstd.Decoder // nil before the first zstd input
}

// close lets go of the memory. The decoders may be used again.
func (d *decoders) close() {
	if d.zstd != nil {
		d.zstd.Close()
		d.zstd = nil
	}
	d.snappy = snappyBlocks{}
}

// turnTo says that the next input is of format f. There is memory for one
// window: what the input before had is collected before another is made, but
// for zstd's and lz4's, which are used again.
func (d *decoders) turnTo(f Format) {
	changes := f != d.format
	switch {
	case changes && (d.format == FormatZstd || d.format == FormatSnappy), d.format == FormatXz:
		d.close()
		runtime.GC()
	case changes && d.format == FormatLz4:
		runtime.GC() // the first leaves alone what has been put in a sync.Pool
		runtime.GC()
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

// skipFrames drops skippable frames, which pzstd writes to tell lengths, and
// returns the format of what follows.
func skipFrames(raw *bufio.Reader) (Format, error) {
	for skipped := false; ; skipped = true {
		head, err := raw.Peek(magicLen)
		if err != nil && err != io.EOF {
			return FormatPlain, err
		}
		f := formatOf(head)
		switch {
		case f == FormatSkippable:
			if err := skipFrame(raw); err != nil {
				return f, err
			}
		case skipped && f != FormatZstd && f != FormatLz4 && len(head) > 0:
			return f, errors.New("damaged zstd or lz4 data: only skippable frames are whole")
		case f == FormatLegacyLz4:
			return f, errors.New("lz4's legacy format is not supported, as it can't tell whether data is missing: compress again with a newer lz4")
		default:
			return f, nil
		}
	}
}

// skipFrame drops one skippable frame: a magic, the length, and so many bytes.
func skipFrame(raw *bufio.Reader) error {
	header, err := raw.Peek(8)
	if err == nil {
		length := int64(len(header)) + int64(binary.LittleEndian.Uint32(header[4:]))
		_, err = io.CopyN(io.Discard, raw, length)
	}
	if err == io.EOF {
		return fmt.Errorf("damaged zstd or lz4 data: %w", io.ErrUnexpectedEOF)
	}
	return err
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
	var large tooLarge
	switch {
	case err == nil || err == io.EOF || errors.As(err, &large):
		return err
	case d.source.failure() != nil:
		return d.source.failure() // the data isn't to blame
	case errors.Is(err, zstd.ErrWindowSizeExceeded) || errors.Is(err, zstd.ErrDecoderSizeExceeded):
		return tooLarge{format: d.format, most: d.decoders.maxWindow} // in a frame after the first
	default:
		return fmt.Errorf("damaged %s data: %w", d.format, err)
	}
}

// tooLarge says that decoding would take more memory than there is for it.
type tooLarge struct {
	format       Format
	needed, most int64 // bytes; needed is 0 where it isn't known
}

func (e tooLarge) Error() string {
	needed := "more"
	if e.needed > 0 {
		needed = size(e.needed) + ", more"
	}
	return fmt.Sprintf("decompressing its %s data takes %s than the %s that there is for it: raise --memory",
		e.format, needed, size(e.most))
}

// check returns an error if decoding takes more memory than there is for it.
func (d *decoders) check(f Format, needed int64) error {
	if needed > d.maxWindow {
		return tooLarge{f, needed, d.maxWindow}
	}
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

func (d *decoders) openZstd(raw *bufio.Reader) (io.Reader, error) {
	if err := d.checkZstd(raw); err != nil {
		return nil, err
	}
	if d.zstd == nil {
		var err error
		d.zstd, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
			zstd.WithDecoderMaxWindow(uint64(max(d.maxWindow, zstd.MinWindowSize))))
		if err != nil {
			return nil, err
		}
	}
	return d.zstd, d.zstd.Reset(raw)
}

// checkZstd looks at the first frame's header, for errors that say more than the
// library's.
func (d *decoders) checkZstd(raw *bufio.Reader) error {
	head, err := raw.Peek(zstd.HeaderMaxSize)
	if err != nil && err != io.EOF {
		return err
	}
	var h zstd.Header
	if h.Decode(head) != nil {
		return nil // the decoder will say what is wrong
	}
	if h.DictionaryID != 0 {
		return fmt.Errorf("dictionary %d is needed: decompress it with zstd before", h.DictionaryID)
	}
	window := h.WindowSize
	if h.SingleSegment {
		window = h.FrameContentSize
	}
	return d.check(FormatZstd, int64(min(window, 1<<62)))
}

func (d *decoders) openBzip2(raw *bufio.Reader) (io.Reader, error) {
	head, err := raw.Peek(4)
	if err != nil {
		return nil, err
	}
	const perLevel = 4 * 100_000 // four bytes for each byte of a block
	return bzip2.NewReader(raw), d.check(FormatBzip2, perLevel*int64(head[3]-'0'))
}

// openLz4 starts a new decoder each time: one that has been used keeps the last
// input's dictionary. The large buffers come from a pool anyway. Only the first
// frame's need is checked; real data has one size of block.
func (d *decoders) openLz4(raw *bufio.Reader) (io.Reader, error) {
	head, err := raw.Peek(6) // magic, flags, block size
	if err != nil {
		return nil, err
	}
	block := int64(1) << (8 + 2*(head[5]>>4&7)) // 64 KiB, 256 KiB, 1 MiB or 4 MiB
	needed := 2 * block
	if independent := head[4]&0x20 != 0; !independent {
		needed += 2 * block // the library keeps the last block until it has copied the next
	}
	r := lz4.NewReader(raw)
	if err := r.Apply(lz4.ConcurrencyOption(1)); err != nil {
		return nil, err
	}
	return r, d.check(FormatLz4, needed)
}

// unexpected is for the end of data where it is not whole.
func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

func size(bytes int64) string { return humanize.IBytes(uint64(max(bytes, 0))) }
