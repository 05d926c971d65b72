package main

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"maps"
	"runtime"
	"slices"
	"strings"
	"testing"

	"dailystats/stats/report"
	"dailystats/testdata/sampling"

	"github.com/klauspost/compress/zstd"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// TestTopicMemory proves that the process stays below --memory when it reads
// topics: with messages of any codec, with long ones, and with batches that a few
// bytes become; with a state, too.
func TestTopicMemory(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("the kernel's figure for the process itself is read from /proc")
	}
	if raceEnabled {
		t.Skip("the race detector takes many times the memory")
	}
	command := buildCommand(t)
	codecs := map[string]kgo.CompressionCodec{
		"plain":  kgo.NoCompression(),
		"gzip":   kgo.GzipCompression(),
		"snappy": kgo.SnappyCompression(),
		"lz4":    kgo.Lz4Compression(),
		"zstd":   kgo.ZstdCompression(),
	}
	brokers := map[string]*broker{}
	for _, name := range sampling.Of(t, slices.Sorted(maps.Keys(codecs)), 2) {
		codec := codecs[name]
		b := newBroker(t, 4)
		b.client = b.connect(kgo.ProducerBatchCompression(codec))
		b.produce(someEvents(0, sampling.Count(50_000, 200_000)))
		b.produce(longEvents(100))
		brokers[name] = b
	}
	brokers["bombs"] = newBroker(t, 4)
	for partition := range int32(4) {
		brokers["bombs"].produceBomb(partition)
	}
	type limit struct{ memory, parallel string }
	for _, limit := range sampling.Of(t, []limit{{"24MiB", "1"}, {"32MiB", "2"}, {"64MiB", "4"}}, 1) {
		for name, b := range brokers {
			if name == "lz4" && limit.memory != "64MiB" {
				continue // franz-go's has blocks of 4 MiB, which take twice that; Java's and librdkafka's have 64 KiB
			}
			t.Run(fmt.Sprintf("%s/%s-%s", name, limit.memory, limit.parallel), func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				for range 2 { // with an older state, the second time
					mustExecute(t, command, dir, b.url("from=earliest"), "--state", "state", "-o", "result", "--report", "report",
						"--rejects", "rejects", "--log-invalid=false", "--memory", limit.memory, "--parallel", limit.parallel)
					var report report.Report
					if err := json.Unmarshal([]byte(readFile(t, dir, "report")), &report); err != nil {
						t.Fatal(err)
					}
					checkPeak(t, limit.memory, report)
				}
			})
		}
	}
}

// longEvents returns n events of 900 kB.
func longEvents(n int) (lines []string) {
	for i := range n {
		lines = append(lines, fmt.Sprintf(`{"user_id":%d,"event_type":"a","timestamp":"20240101T00Z","extra":%q}`, i, strings.Repeat("x", 900_000)))
	}
	return lines
}

// produceBomb sends a batch that comes to 100 MB when it is decompressed.
func (b *broker) produceBomb(partition int32) {
	const messages = 10_000
	value := []byte(`{"user_id":1,"event_type":"purchase","timestamp":"2024-01-01T00:00:00Z","amount":1.50` + strings.Repeat(" ", 10_000) + `}`)
	var records []byte
	for i := range int32(messages) {
		r := kmsg.Record{OffsetDelta: i, Value: value}
		const ofLength = 1 // a length of 0
		r.Length = int32(len(r.AppendTo(nil)) - ofLength)
		records = r.AppendTo(records)
	}
	z, err := zstd.NewWriter(nil, zstd.WithWindowSize(1<<20))
	if err != nil {
		b.t.Fatal(err)
	}
	const isZstd = 4
	batch := kmsg.RecordBatch{Magic: 2, Attributes: isZstd, LastOffsetDelta: messages - 1, NumRecords: messages,
		ProducerID: -1, ProducerEpoch: -1, FirstSequence: -1, Records: z.EncodeAll(records, nil)}
	const ofHead, beforeSum = 12, 21
	batch.Length = int32(len(batch.AppendTo(nil)) - ofHead)
	batch.CRC = int32(crc32.Checksum(batch.AppendTo(nil)[beforeSum:], crc32.MakeTable(crc32.Castagnoli)))

	request := kmsg.NewPtrProduceRequest()
	request.Acks, request.TimeoutMillis = -1, 10_000
	known, err := b.topic(context.Background())
	if err != nil {
		b.t.Fatal(err)
	}
	topic := kmsg.NewProduceRequestTopic()
	topic.Topic = b.name
	topic.TopicID = known.TopicID
	part := kmsg.NewProduceRequestTopicPartition()
	part.Partition, part.Records = partition, batch.AppendTo(nil)
	topic.Partitions = append(topic.Partitions, part)
	request.Topics = append(request.Topics, topic)
	response, err := request.RequestWith(context.Background(), b.client)
	if err == nil {
		err = kerr.ErrorForCode(response.Topics[0].Partitions[0].ErrorCode)
	}
	if err != nil {
		b.t.Fatal(err)
	}
}
