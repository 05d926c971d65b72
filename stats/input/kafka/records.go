package kafka

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// records reads the messages of a batch, of any size, in constant memory. A message
// is:
//
//	length  attributes  timestamp  offset  key's length, key  value's length, value  headers
//
// Numbers but for attributes are varints, and times and offsets the difference to
// the batch's.
type records struct {
	text  *bufio.Reader
	base  int64 // offset of the batch
	count int32 // messages that follow
	left  int64 // bytes of the message at hand that are not read, headers and all
	value int64 // those of its value
}

const textBuffer = 16 << 10

var errLengths = errors.New("lengths in it contradict each other")

// open begins with the messages of a batch, whose text is decompressed.
func (r *records) open(text io.Reader, b *kmsg.RecordBatch) {
	if r.text == nil {
		r.text = bufio.NewReaderSize(nil, textBuffer) // not of text: it would take the buffer that this has
	}
	r.text.Reset(text)
	r.base, r.count, r.left, r.value = b.FirstOffset, b.NumRecords, 0, 0
}

// next goes on to the next message, and returns its offset and its value's size in
// bytes: 0 where there is no value. After the last one it returns io.EOF.
func (r *records) next() (offset, size int64, err error) {
	if r.count <= 0 {
		return 0, 0, io.EOF
	}
	if err := r.skip(r.left); err != nil {
		return 0, 0, err
	}
	r.count--
	length, err := binary.ReadVarint(r.text)
	if err != nil {
		return 0, 0, unexpected(err)
	}
	r.left = length
	offset, err = r.head()
	return r.base + offset, r.value, unexpected(err)
}

// head reads all that comes before the value.
func (r *records) head() (offset int64, err error) {
	if _, err := r.ReadByte(); err != nil { // attributes
		return 0, err
	}
	if _, err := binary.ReadVarint(r); err != nil { // timestamp
		return 0, err
	}
	if offset, err = binary.ReadVarint(r); err != nil {
		return 0, err
	}
	key, err := r.length()
	if err != nil {
		return 0, err
	}
	if err := r.skip(key); err != nil {
		return 0, err
	}
	r.value, err = r.length()
	return offset, err
}

// length reads the length of a part of the message. -1 is a part that isn't there.
func (r *records) length() (int64, error) {
	n, err := binary.ReadVarint(r)
	if err == nil && (n < -1 || n > r.left) {
		err = errLengths
	}
	return max(n, 0), err
}

// skip leaves out n bytes of the message.
func (r *records) skip(n int64) error {
	for n > 0 {
		step, err := r.text.Discard(int(min(n, textBuffer)))
		n -= int64(step)
		r.left -= int64(step)
		if err != nil {
			return unexpected(err)
		}
	}
	return nil
}

// ReadByte reads a byte of the message. It implements io.ByteReader.
func (r *records) ReadByte() (byte, error) {
	if r.left <= 0 {
		return 0, errLengths
	}
	r.left--
	return r.text.ReadByte()
}

// Read reads the message's value, and returns io.EOF at its end.
func (r *records) Read(p []byte) (int, error) {
	if r.value == 0 {
		return 0, io.EOF
	}
	n, err := r.text.Read(p[:min(int64(len(p)), r.value)])
	r.value -= int64(n)
	r.left -= int64(n)
	return n, unexpected(err)
}

// unexpected is for the end of a batch that comes before that of its messages.
func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
