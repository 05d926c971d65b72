package kafka

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
	"slices"
	"strings"
	"testing"

	"dailystats/stats/input"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

var codecs = map[string]kgo.CompressionCodec{
	"none":   kgo.NoCompression(),
	"gzip":   kgo.GzipCompression(),
	"snappy": kgo.SnappyCompression(),
	"lz4":    kgo.Lz4Compression(),
	"zstd":   kgo.ZstdCompression(),
}

// answered returns what a broker answers that has been sent values.
func answered(t testing.TB, codec kgo.CompressionCodec, batches ...[]string) *kmsg.FetchResponseTopicPartition {
	t.Helper()
	k := startKafka(t)
	client := newClient(t, k, kgo.ProducerBatchCompression(codec))
	for _, values := range batches {
		send(t, client, 0, values...)
	}
	in := newInputs(t, Settings{FetchSize: 64 << 20})
	if _, err := in.Add(context.Background(), ask(t, k, "t"), nil); err != nil {
		t.Fatal(err)
	}
	p := &partition{cluster: in.topics[0].cluster, Range: in.Ranges()[0]}
	answer, err := p.ask(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// answerSource is a source of all messages of an answer.
func answerSource(answer *kmsg.FetchResponseTopicPartition) []input.Source {
	return []input.Source{input.MessageSource("t/0", func(ctx context.Context, decode input.Decode) input.Messages {
		return &partition{
			Range: Range{Until: math.MaxInt64}, next: math.MaxInt64,
			ctx: ctx, decode: decode, batches: newBatches(answer),
		}
	})}
}

// repair gives all batches the checksum that they have, so that damage is met
// behind it.
func repair(batches []byte) {
	for len(batches) > leastBatch {
		size := batchHead + int(int32(binary.BigEndian.Uint32(batches[8:])))
		if size < leastBatch || size > len(batches) {
			return
		}
		binary.BigEndian.PutUint32(batches[magicAt+1:], crc32.Checksum(batches[crcEnd:size], castagnoli))
		batches = batches[size:]
	}
}

// readByClient returns what the client's own reader makes of an answer, and whether
// it made something of each message: it leaves out what follows one that it can't
// read.
func readByClient(answer *kmsg.FetchResponseTopicPartition) (lines []string, all bool) {
	var promised, decoded int
	for b := newBatches(answer); ; {
		batch, err := b.next()
		if err != nil {
			break
		}
		promised += int(batch.NumRecords)
	}
	o := kgo.ProcessFetchPartitionOpts{IsolationLevel: kgo.ReadCommitted()}
	read, _ := kgo.ProcessFetchPartition(o, answer, kgo.DefaultDecompressor(), func(m kgo.FetchBatchMetrics) { decoded += m.NumRecords })
	for _, r := range read.Records {
		for line := range strings.SplitSeq(strings.TrimSuffix(string(r.Value), "\n"), "\n") {
			lines = append(lines, fmt.Sprintf("t/0@%d %s", uint64(r.Offset), line))
		}
	}
	return lines, read.Err == nil && decoded == promised
}

// FuzzBatches proves that nothing that a broker may answer does harm, and that what
// is read without an error is what the client's own reader, which has a batch in
// memory, makes of it.
func FuzzBatches(f *testing.F) {
	for _, codec := range codecs {
		f.Add(answered(f, codec, []string{"a", "", "b\nc"}, []string{strings.Repeat("long", 100)}).RecordBatches, int64(math.MaxInt64))
	}
	f.Fuzz(func(t *testing.T, data []byte, aborted int64) {
		repair(data)
		answer := &kmsg.FetchResponseTopicPartition{
			RecordBatches:       data,
			AbortedTransactions: []kmsg.FetchResponseTopicPartitionAbortedTransaction{{ProducerID: -1, FirstOffset: aborted}},
		}
		got, err := readSources(t, answerSource(answer), input.Config{BlockSize: 1 << 10, MaxLine: 1 << 20})
		if err != nil {
			wantError(t, err)
			return
		}
		if want, all := readByClient(answer); all {
			wantLines(t, got, want...)
		}
	})
}

// TestOtherMarkers proves that an aborted transaction goes on behind a marker that
// doesn't end it, and ends with the one that does.
func TestOtherMarkers(t *testing.T) {
	const abort, commit = 0, 1
	batches := slices.Concat(
		transactionBatch(0, 0, nil, []byte("no")),
		transactionBatch(1, isControl, []byte{0, 0, 0, commit}, nil),
		transactionBatch(2, isControl, nil, nil),
		transactionBatch(3, 0, nil, []byte("neither")),
		transactionBatch(4, isControl, []byte{0, 0, 0, abort}, nil),
		transactionBatch(5, 0, nil, []byte("yes")),
	)
	answer := &kmsg.FetchResponseTopicPartition{
		RecordBatches:       batches,
		AbortedTransactions: []kmsg.FetchResponseTopicPartitionAbortedTransaction{{ProducerID: 7}},
	}
	got, err := readSources(t, answerSource(answer), input.Config{BlockSize: 1 << 10, MaxLine: 1 << 10})
	if err != nil {
		t.Fatal(err)
	}
	wantLines(t, got, "t/0@5 yes")
	want, _ := readByClient(answer)
	wantLines(t, got, want...)
}

// transactionBatch returns a batch of one message of a transaction of producer 7.
func transactionBatch(offset int64, attributes int16, key, value []byte) []byte {
	message := kmsg.Record{Key: key, Value: value}
	message.Length = int32(len(message.AppendTo(nil)) - 1)
	b := kmsg.RecordBatch{
		FirstOffset: offset, Magic: magic, Attributes: inTransaction | attributes,
		ProducerID: 7, NumRecords: 1, Records: message.AppendTo(nil),
	}
	b.Length = int32(len(b.AppendTo(nil)) - batchHead)
	batch := b.AppendTo(nil)
	repair(batch)
	return batch
}

// BenchmarkMessages reads a partition's messages, of the size of events, into
// blocks.
func BenchmarkMessages(b *testing.B) {
	var values []string
	for i := range 10_000 {
		values = append(values, fmt.Sprintf(`{"event_id":"%032x","user_id":"user-%07d","event_type":"page_view","timestamp":"2024-01-15T10:30:%02dZ"}`, i*i, i, i%60))
	}
	for _, name := range []string{"none", "lz4", "zstd"} {
		b.Run(name, func(b *testing.B) {
			answer := answered(b, codecs[name], values[:len(values)/2], values[len(values)/2:])
			b.SetBytes(int64(len(answer.RecordBatches)))
			for b.Loop() {
				r := input.NewReader(input.SourcesOf(answerSource(answer)...), input.Config{MaxWindow: 8 << 20, AheadWindow: 8 << 20})
				errs := make(chan error, 1)
				go func() { errs <- r.Run(context.Background()) }()
				lines := 0
				for {
					block, err := r.Next(context.Background())
					if block == nil || err != nil {
						break
					}
					lines += strings.Count(string(block.Data), "\n")
					r.Release(block)
				}
				if err := <-errs; err != nil || lines != len(values) {
					b.Fatal(lines, err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(values)), "ns/message")
		})
	}
}
