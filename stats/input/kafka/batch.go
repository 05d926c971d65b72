package kafka

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"

	"dailystats/stats/input/decode"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// batches are the batches that a fetch returned. The zero value has none.
type batches struct {
	rest    []byte
	offset  int64             // of the batch at hand
	aborted map[int64][]int64 // by producer: where its aborted transactions begin, in order
}

// batch is a batch of messages, or a marker that ends a transaction.
type batch struct {
	kmsg.RecordBatch
	aborted bool
}

func newBatches(answer *kmsg.FetchResponseTopicPartition) batches {
	b := batches{rest: answer.RecordBatches, aborted: map[int64][]int64{}}
	for _, t := range answer.AbortedTransactions {
		b.aborted[t.ProducerID] = append(b.aborted[t.ProducerID], t.FirstOffset)
	}
	for _, offsets := range b.aborted {
		slices.Sort(offsets)
	}
	return b
}

const (
	batchHead     = 8 + 4           // offset and length, which the length does not count
	magicAt       = batchHead + 4   // says how the batch is laid out
	crcEnd        = magicAt + 1 + 4 // what the checksum is of begins here
	leastBatch    = 61              // a batch without messages
	magic         = 2
	codecBits     = 0b111
	inTransaction = 0b1_0000
	isControl     = 0b10_0000
)

var (
	errNoMessage = errors.New("it is shorter than any")
	errNegative  = errors.New("a number in it is negative")
	castagnoli   = crc32.MakeTable(crc32.Castagnoli)
)

// next returns the next batch, or io.EOF if no other is whole: the last one of a
// fetch is often cut off.
func (b *batches) next() (*batch, error) {
	if len(b.rest) <= magicAt {
		b.rest = nil
		return nil, io.EOF
	}
	b.offset = int64(binary.BigEndian.Uint64(b.rest))
	size := batchHead + int(int32(binary.BigEndian.Uint32(b.rest[8:])))
	switch {
	case size < leastBatch && b.rest[magicAt] == magic:
		return nil, errNoMessage
	case size > len(b.rest):
		b.rest = nil
		return nil, io.EOF
	case b.rest[magicAt] != magic:
		return nil, fmt.Errorf("it has format %d, of before Kafka 0.11, which is not supported", b.rest[magicAt])
	}
	data := b.rest[:size]
	b.rest = b.rest[size:]
	found := new(batch)
	if err := found.ReadFrom(data); err != nil {
		return nil, err
	}
	if sum := crc32.Checksum(data[crcEnd:], castagnoli); sum != uint32(found.CRC) {
		return nil, fmt.Errorf("it is damaged: its checksum is %08x, not %08x", sum, uint32(found.CRC))
	}
	if found.NumRecords < 0 || found.FirstOffset < 0 || found.LastOffsetDelta < 0 || found.end() < 0 {
		return nil, errNegative
	}
	found.aborted = b.isAborted(found)
	return found, nil
}

// isAborted reports whether a batch is of an aborted transaction, and notes where
// such a one ends.
func (b *batches) isAborted(of *batch) bool {
	offsets := b.aborted[of.ProducerID]
	if of.Attributes&inTransaction == 0 || len(offsets) == 0 || of.FirstOffset < offsets[0] {
		return false
	}
	if of.isAbortMarker() {
		b.aborted[of.ProducerID] = offsets[1:]
	}
	return true
}

// isAbortMarker reports whether a batch is the marker behind an aborted transaction.
// Other markers leave it open, and so does one that compaction has emptied.
func (b *batch) isAbortMarker() bool {
	var marker kmsg.Record
	var key kmsg.ControlRecordKey
	return b.Attributes&isControl != 0 && marker.ReadFrom(b.Records) == nil &&
		key.ReadFrom(marker.Key) == nil && key.Type == kmsg.ControlRecordKeyTypeAbort
}

// isSkipped reports whether a batch has nothing to read.
func (b *batch) isSkipped() bool {
	return b.aborted || b.Attributes&isControl != 0 || b.NumRecords == 0
}

// end returns the offset behind the batch.
func (b *batch) end() int64 { return b.FirstOffset + int64(b.LastOffsetDelta) + 1 }

// format returns how the batch's messages are stored.
func (b *batch) format() (decode.Format, error) {
	codecs := [...]decode.Format{decode.Plain, decode.Gzip, decode.Snappy, decode.Lz4, decode.Zstd}
	codec := int(b.Attributes & codecBits)
	if codec >= len(codecs) {
		return 0, fmt.Errorf("it is compressed by codec %d, which is unknown", codec)
	}
	return codecs[codec], nil
}
