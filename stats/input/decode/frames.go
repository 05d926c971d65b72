package decode

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// frames reads zstd or lz4 data frame by frame. The libraries would go on by
// themselves, but a frame may need a larger window than the one before, and there is
// no memory for both: before each, what it needs is checked, and room is made.
//
//	zstd  │ magic, header │ { size:3, block } │ [checksum:4] │
//	lz4   │ magic, header │ { size:4, block, [checksum:4] } │ 0:4 │ [checksum:4] │
type frames struct {
	raw    *bufio.Reader
	format Format
	open   func(raw *bufio.Reader) (io.Reader, error) // of the next frame
	frame  io.Reader
}

// Read implements io.Reader.
func (f *frames) Read(p []byte) (int, error) {
	for {
		n, err := f.frame.Read(p)
		if err != io.EOF {
			return n, err
		}
		if err := f.next(); err != nil || n > 0 {
			return n, err
		}
	}
}

// next begins the next frame. It returns io.EOF if there is none.
func (f *frames) next() (err error) {
	for {
		head, err := f.raw.Peek(MagicLen)
		if len(head) == 0 {
			return err
		}
		if FormatOf(head) != skippable {
			break
		}
		if err := skipFrame(f.raw); err != nil {
			return err
		}
	}
	if f.frame != nil {
		if err := checkMagic(f.raw, f.format); err != nil {
			return err
		}
	}
	f.frame, err = f.open(f.raw)
	return unexpected(err)
}

// pieces is a frame as it is stored, and ends with it.
type pieces struct {
	raw  *bufio.Reader
	left int64 // of the piece at hand, in bytes
	// next returns the length of the next piece, 0 behind the last.
	next func(raw *bufio.Reader) (length int64, err error)
}

// Read implements io.Reader.
func (f *pieces) Read(p []byte) (int, error) {
	for f.left == 0 {
		length, err := f.next(f.raw)
		if err != nil {
			return 0, unexpected(err)
		}
		if length == 0 {
			return 0, io.EOF
		}
		f.left = length
	}
	n, err := f.raw.Read(p[:min(int64(len(p)), f.left)])
	f.left -= int64(n)
	return n, unexpected(err)
}

// openZstd returns the text of zstd data.
func (d *Decoders) openZstd(raw *bufio.Reader) (io.Reader, error) {
	f := &frames{raw: raw, format: Zstd, open: d.openZstdFrame}
	return f, f.next()
}

func (d *Decoders) openZstdFrame(raw *bufio.Reader) (io.Reader, error) {
	head, err := raw.Peek(zstd.HeaderMaxSize)
	if err != nil && err != io.EOF {
		return nil, err
	}
	var h zstd.Header
	if err := h.Decode(head); err != nil {
		return nil, err
	}
	if h.DictionaryID != 0 {
		return nil, fmt.Errorf("dictionary %d is needed: decompress it with zstd before", h.DictionaryID)
	}
	window := h.WindowSize
	if h.SingleSegment {
		window = h.FrameContentSize
	}
	if err := d.makeZstd(int64(min(window, 1<<62))); err != nil {
		return nil, err
	}
	return d.zstd, d.zstd.Reset(zstdPieces(raw, &h))
}

// makeZstd makes sure that there is a decoder for a window, and that one for a smaller
// window is gone before it gets its memory.
func (d *Decoders) makeZstd(window int64) (err error) {
	if d.zstd != nil && window > d.zstdWindow {
		d.zstd.Close()
		d.zstd = nil
	}
	if d.zstd != nil {
		return nil
	}
	if err := d.check(Zstd, window); err != nil {
		return err
	}
	d.zstdWindow = window
	d.zstd, err = zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxWindow(uint64(max(d.MaxWindow, zstd.MinWindowSize))))
	return err
}

// zstdPieces is the frame that starts with h.
func zstdPieces(raw *bufio.Reader, h *zstd.Header) *pieces {
	isLast, hasChecksum := false, h.HasCheckSum
	return &pieces{raw: raw, left: int64(h.HeaderSize), next: func(raw *bufio.Reader) (int64, error) {
		const sizeLen, repeated = 3, 1
		switch {
		case isLast && hasChecksum:
			hasChecksum = false
			return 4, nil
		case isLast:
			return 0, nil
		}
		head, err := raw.Peek(sizeLen)
		if err != nil {
			return 0, err
		}
		block := uint32(head[0]) | uint32(head[1])<<8 | uint32(head[2])<<16
		isLast = block&1 != 0
		length := int64(block >> 3)
		if block>>1&3 == repeated {
			length = 1
		}
		return sizeLen + length, nil
	}}
}

// openLz4 returns the text of lz4 data.
func (d *Decoders) openLz4(raw *bufio.Reader) (io.Reader, error) {
	f := &frames{raw: raw, format: Lz4, open: d.openLz4Frame}
	return f, f.next()
}

// Flags of an lz4 frame.
const (
	lz4Independent   = 0x20
	lz4BlockChecksum = 0x10
	lz4HasSize       = 0x08
	lz4Checksum      = 0x04
	lz4Dictionary    = 0x01
)

// openLz4Frame makes a new decoder for each frame: one that has been used keeps the
// last one's dictionary. The large buffers come from a pool anyway.
func (d *Decoders) openLz4Frame(raw *bufio.Reader) (io.Reader, error) {
	head, err := raw.Peek(MagicLen) // magic, flags, block size
	if err != nil {
		return nil, err
	}
	if FormatOf(head) != Lz4 {
		return nil, lz4.ErrInvalidFrame
	}
	flags := head[4]
	block := int64(1) << (8 + 2*(head[5]>>4&7)) // 64 KiB, 256 KiB, 1 MiB or 4 MiB
	needed := 2 * block
	if flags&lz4Independent == 0 {
		needed += 2 * block // the library keeps the last block until it has copied the next
	}
	if err := d.check(Lz4, needed); err != nil {
		return nil, err
	}
	r := lz4.NewReader(lz4Pieces(raw, flags))
	return r, r.Apply(lz4.ConcurrencyOption(1))
}

// lz4Pieces is the frame with these flags that raw starts with.
func lz4Pieces(raw *bufio.Reader, flags byte) *pieces {
	header := int64(MagicLen + 1)
	if flags&lz4HasSize != 0 {
		header += 8
	}
	if flags&lz4Dictionary != 0 {
		header += 4
	}
	ended := false
	return &pieces{raw: raw, left: header, next: func(raw *bufio.Reader) (int64, error) {
		const sizeLen, isPlain = 4, 1 << 31
		if ended {
			return 0, nil
		}
		head, err := raw.Peek(sizeLen)
		if err != nil {
			return 0, err
		}
		length := int64(binary.LittleEndian.Uint32(head) &^ isPlain)
		ended = length == 0
		length += sizeLen
		if ended && flags&lz4Checksum != 0 || !ended && flags&lz4BlockChecksum != 0 {
			length += 4
		}
		return length, nil
	}}
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

// skipFrames drops skippable frames, which pzstd writes to tell lengths, and
// returns the format of what follows.
func skipFrames(raw *bufio.Reader) (Format, error) {
	for skipped := false; ; skipped = true {
		head, err := raw.Peek(MagicLen)
		if err != nil && err != io.EOF {
			return Plain, err
		}
		f := FormatOf(head)
		switch {
		case f == skippable:
			if err := skipFrame(raw); err != nil {
				return f, err
			}
		case skipped && f != Zstd && f != Lz4 && len(head) > 0:
			return f, errors.New("damaged zstd or lz4 data: only skippable frames are whole")
		case f == legacyLz4:
			return f, errors.New("lz4's legacy format is not supported, as it can't tell whether data is missing: compress again with a newer lz4")
		default:
			return f, nil
		}
	}
}
