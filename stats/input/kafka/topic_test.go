package kafka

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"dailystats/stats/input"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// startKafka starts brokers with a topic t of two partitions.
func startKafka(t testing.TB, options ...kfake.Opt) *kfake.Cluster {
	t.Helper()
	k, err := kfake.NewCluster(append([]kfake.Opt{kfake.NumBrokers(2), kfake.SeedTopics(2, "t")}, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
	// Where MaxBytes is what ends an answer, kfake forgets to say which transactions
	// were aborted. There is still PartitionMaxBytes.
	k.ControlKey(int16(kmsg.Fetch), func(request kmsg.Request) (kmsg.Response, error, bool) {
		request.(*kmsg.FetchRequest).MaxBytes = math.MaxInt32
		return nil, nil, false
	})
	return k
}

// newClient returns a client that says itself which partition a message is for.
func newClient(t testing.TB, k *kfake.Cluster, options ...kgo.Opt) *kgo.Client {
	t.Helper()
	client, err := kgo.NewClient(append([]kgo.Opt{
		kgo.SeedBrokers(k.ListenAddrs()...),
		kgo.RecordPartitioner(kgo.ManualPartitioner()),
		kgo.ProducerBatchCompression(kgo.NoCompression()),
		kgo.DefaultProduceTopic("t"),
	}, options...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

// send writes values to a partition of t, in one batch.
func send(t testing.TB, client *kgo.Client, partition int32, values ...string) {
	t.Helper()
	var records []*kgo.Record
	for _, v := range values {
		records = append(records, &kgo.Record{Partition: partition, Value: []byte(v)})
	}
	sendRecords(t, client, records...)
}

func sendRecords(t testing.TB, client *kgo.Client, records ...*kgo.Record) {
	t.Helper()
	if err := client.ProduceSync(t.Context(), records...).FirstErr(); err != nil {
		t.Fatal(err)
	}
}

// transaction writes values to a partition of t in a transaction, and ends that.
func transaction(t testing.TB, client *kgo.Client, end kgo.TransactionEndTry, partition int32, values ...string) {
	t.Helper()
	if err := client.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	send(t, client, partition, values...)
	if err := client.EndTransaction(t.Context(), end); err != nil {
		t.Fatal(err)
	}
}

// ask returns what a URL asks for, of which the part behind the brokers is given.
func ask(t testing.TB, k *kfake.Cluster, rest string) Request {
	t.Helper()
	r, err := Parse(scheme + strings.Join(k.ListenAddrs(), ",") + "/" + rest)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// newInputs returns Inputs that are closed when the test ends.
func newInputs(t testing.TB, s Settings) *Inputs {
	t.Helper()
	if s.Tell == nil {
		s.Tell = func(message string) { t.Log(message) }
	}
	s.Timeout = cmp.Or(s.Timeout, 10*time.Second)
	in := NewInputs(s)
	t.Cleanup(in.Close)
	return in
}

// readSources returns the lines of sources, each behind its partition and its
// offset, and sorted by them.
func readSources(t testing.TB, sources []input.Source, c input.Config) (lines []string, err error) {
	t.Helper()
	c.MaxWindow, c.AheadWindow = 8<<20, 8<<20
	r := input.NewReader(input.SourcesOf(sources...), c)
	errs := make(chan error, 1)
	go func() { errs <- r.Run(t.Context()) }()
	of := map[string][]string{}
	for {
		b, err := r.Next(t.Context())
		if b == nil || err != nil {
			break
		}
		if !b.Offsets {
			t.Errorf("lines of %s are not numbered by offset", b.Input)
		}
		n := uint64(0)
		for text := range strings.Lines(string(b.Data)) {
			of[b.Input] = append(of[b.Input], fmt.Sprintf("%s@%d %s", b.Input, b.Line(n), strings.TrimSuffix(text, "\n")))
			n++
		}
		r.Release(b)
	}
	for _, s := range sources {
		lines = append(lines, of[s.Name]...)
	}
	return lines, <-errs
}

// readTopic adds what a URL asks for, and returns its lines.
func readTopic(t testing.TB, k *kfake.Cluster, rest string, covered Covered) []string {
	t.Helper()
	return readTopicWith(t, k, Settings{}, rest, covered)
}

func readTopicWith(t testing.TB, k *kfake.Cluster, s Settings, rest string, covered Covered) []string {
	t.Helper()
	sources, err := newInputs(t, s).Add(t.Context(), ask(t, k, rest), covered)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, inputs := range []int{1, 4} {
		again, err := readSources(t, sources, input.Config{Inputs: inputs})
		if err != nil {
			t.Fatal(err)
		}
		if inputs > 1 && !slices.Equal(lines, again) {
			t.Errorf("read again, side by side, it is %v, not %v", again, lines)
		}
		lines = again
	}
	return lines
}

func wantLines(t testing.TB, got []string, want ...string) {
	t.Helper()
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestCodecs proves that messages are read as they were written, whatever they are
// compressed with, from several fetches and from batches of several sizes.
func TestCodecs(t *testing.T) {
	for name, codec := range map[string]kgo.CompressionCodec{
		"none":   kgo.NoCompression(),
		"gzip":   kgo.GzipCompression(),
		"snappy": kgo.SnappyCompression(),
		"lz4":    kgo.Lz4Compression(),
		"zstd":   kgo.ZstdCompression(),
	} {
		t.Run(name, func(t *testing.T) {
			k := startKafka(t)
			client := newClient(t, k, kgo.ProducerBatchCompression(codec))
			var want []string
			offset := 0
			for size := 1; size < 500; size *= 3 {
				var values []string
				for range size {
					value := fmt.Sprintf("%d %s", offset, strings.Repeat("abc", offset%50))
					values = append(values, value)
					want = append(want, fmt.Sprintf("t/1@%d %s", offset, value))
					offset++
				}
				send(t, client, 1, values...)
			}
			var fetches atomic.Int32
			k.ControlKey(int16(kmsg.Fetch), func(kmsg.Request) (kmsg.Response, error, bool) {
				fetches.Add(1)
				return nil, nil, false
			})
			wantLines(t, readTopicWith(t, k, Settings{FetchSize: 1}, "t", nil), want...)
			if n := fetches.Load(); n != 2*6 {
				t.Errorf("there were %d fetches for reading 6 batches twice", n)
			}
		})
	}
}

// TestMixedCodecs proves that batches of one partition may be compressed in
// different ways.
func TestMixedCodecs(t *testing.T) {
	k := startKafka(t)
	var want []string
	for i, codec := range slices.Repeat([]kgo.CompressionCodec{kgo.NoCompression(), kgo.GzipCompression(), kgo.SnappyCompression(), kgo.Lz4Compression(), kgo.ZstdCompression()}, 2) {
		value := strings.Repeat("0123456789", 100*i+1)
		send(t, newClient(t, k, kgo.ProducerBatchCompression(codec)), 0, value)
		want = append(want, fmt.Sprintf("t/0@%d %s", i, value))
	}
	wantLines(t, readTopic(t, k, "t", nil), want...)
}

// TestValues proves which lines a message has: that keys and headers are none, that
// a value without text is a blank line, and one with several lines has one offset.
func TestValues(t *testing.T) {
	k := startKafka(t)
	key := []byte(strings.Repeat("key\n", 10_000))
	headers := []kgo.RecordHeader{{Key: "h", Value: []byte("v\n")}, {Key: "", Value: nil}}
	sendRecords(t, newClient(t, k),
		&kgo.Record{Key: key, Value: []byte("a"), Headers: headers},
		&kgo.Record{Key: key, Headers: headers},
		&kgo.Record{Value: []byte{}},
		&kgo.Record{Key: []byte{}, Value: []byte("b\n\r\nc\n")},
		&kgo.Record{Headers: headers, Value: []byte("\n\n")},
		&kgo.Record{Value: []byte(strings.Repeat("x", 300_000))}, // more than a block
		&kgo.Record{Value: []byte("d")})
	wantLines(t, readTopic(t, k, "t", nil),
		"t/0@0 a", "t/0@1 ", "t/0@2 ", "t/0@3 b", "t/0@3 \r", "t/0@3 c", "t/0@4 ", "t/0@4 ",
		"t/0@5 "+strings.Repeat("x", 300_000), "t/0@6 d")
}

// TestEmpty proves that a topic without messages has ranges, and no lines; and that
// nothing is fetched for it.
func TestEmpty(t *testing.T) {
	k := startKafka(t)
	k.ControlKey(int16(kmsg.Fetch), func(kmsg.Request) (kmsg.Response, error, bool) {
		t.Error("there was a fetch")
		return nil, nil, false
	})
	wantLines(t, readTopic(t, k, "t", nil))
	in := newInputs(t, Settings{})
	if _, err := in.Add(t.Context(), ask(t, k, "t"), nil); err != nil {
		t.Fatal(err)
	}
	id := kadm.TopicID(k.TopicInfo("t").TopicID).String()
	want := []Range{{"t", id, 0, 0, 0}, {"t", id, 1, 0, 0}}
	if diff := gocmp.Diff(want, in.Ranges()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestRangeIsFixed proves that what is written after Add is not read, and that each
// topic has its own ranges.
func TestRangeIsFixed(t *testing.T) {
	k := startKafka(t, kfake.SeedTopics(1, "other"))
	client := newClient(t, k)
	send(t, client, 0, "a", "b")
	in := newInputs(t, Settings{})
	sources, err := in.Add(t.Context(), ask(t, k, "t"), nil)
	if err != nil {
		t.Fatal(err)
	}
	send(t, client, 0, "c")
	send(t, client, 1, "d")
	sendRecords(t, client, &kgo.Record{Topic: "other", Value: []byte("e")})
	others, err := in.Add(t.Context(), ask(t, k, "other"), nil)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := readSources(t, append(sources, others...), input.Config{})
	if err != nil {
		t.Fatal(err)
	}
	wantLines(t, lines, "t/0@0 a", "t/0@1 b", "other/0@0 e")
	var ranges []string
	for _, r := range in.Ranges() {
		ranges = append(ranges, fmt.Sprintf("%v %d-%d", r, r.From, r.Until))
	}
	wantLines(t, ranges, "t/0 0-2", "t/1 0-0", "other/0 0-1")
}

// TestRangeInBatch proves that a range may begin and end within a batch.
func TestRangeInBatch(t *testing.T) {
	k := startKafka(t)
	start := time.Date(2024, 1, 15, 0, 0, 0, 0, time.UTC)
	var records []*kgo.Record
	for i := range 10 {
		records = append(records, &kgo.Record{Value: fmt.Append(nil, i), Timestamp: start.AddDate(0, 0, i)})
	}
	sendRecords(t, newClient(t, k), records...)
	at := func(offset int64) Covered {
		id := kadm.TopicID(k.TopicInfo("t").TopicID).String()
		return func(_ string, partition int32) (int64, string, bool) { return offset, id, partition == 0 }
	}
	wantLines(t, readTopic(t, k, "t?until=@2024-01-19", at(2)), "t/0@2 2", "t/0@3 3")
	wantLines(t, readTopic(t, k, "t", at(9)), "t/0@9 9")
	wantLines(t, readTopic(t, k, "t", at(10)))
}

// TestGaps proves that offsets of which compaction left nothing are no lines, also
// where a batch is left without messages, and where a range ends among them.
func TestGaps(t *testing.T) {
	k := startKafka(t)
	if err := k.CreateTopic("compacted", 1, map[string]string{"cleanup.policy": "compact"}); err != nil {
		t.Fatal(err)
	}
	client := newClient(t, k)
	keys := "abacabadabacaba"
	for i, key := range keys {
		sendRecords(t, client, &kgo.Record{Topic: "compacted", Key: []byte(string(key)), Value: fmt.Append(nil, i)})
	}
	k.Compact()
	got := readTopic(t, k, "compacted", nil)
	if len(got) >= len(keys) {
		t.Errorf("%d messages are left: nothing was compacted", len(got))
	}
	for _, want := range []string{"compacted/0@7 7", "compacted/0@14 14"} {
		if !slices.Contains(got, want) {
			t.Errorf("%s is missing in %v", want, got)
		}
	}
}

// TestTransactions proves that messages of committed transactions are read, and
// that those of aborted ones are not, however they are mixed; nor do markers matter.
func TestTransactions(t *testing.T) {
	k := startKafka(t)
	plain := newClient(t, k)
	first := newClient(t, k, kgo.TransactionalID("first"))
	second := newClient(t, k, kgo.TransactionalID("second"))
	begin := func(client *kgo.Client) {
		if err := client.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
	}
	end := func(client *kgo.Client, how kgo.TransactionEndTry) {
		if err := client.EndTransaction(t.Context(), how); err != nil {
			t.Fatal(err)
		}
	}
	transaction(t, first, kgo.TryAbort, 0, "no0", "no1") // 0, 1, marker 2
	transaction(t, first, kgo.TryCommit, 0, "yes3")      // 3, marker 4
	transaction(t, first, kgo.TryAbort, 0, "no5")        // 5, marker 6
	send(t, plain, 0, "yes7")                            // 7
	begin(first)
	begin(second)
	send(t, first, 0, "no8", "no9")                  // 8, 9
	send(t, second, 0, "yes10")                      // 10
	send(t, first, 0, "no11")                        // 11
	send(t, plain, 0, "yes12")                       // 12
	end(first, kgo.TryAbort)                         // marker 13
	send(t, second, 0, "yes14")                      // 14
	transaction(t, first, kgo.TryCommit, 0, "yes15") // 15, marker 16
	end(second, kgo.TryCommit)                       // marker 17
	wantLines(t, readTopicWith(t, k, Settings{FetchSize: 400}, "t", nil),
		"t/0@3 yes3", "t/0@7 yes7", "t/0@10 yes10", "t/0@12 yes12", "t/0@14 yes14", "t/0@15 yes15")
	for from := range int64(19) {
		id := kadm.TopicID(k.TopicInfo("t").TopicID).String()
		var want []string
		for _, offset := range []int64{3, 7, 10, 12, 14, 15} {
			if offset >= from {
				want = append(want, fmt.Sprintf("t/0@%d yes%d", offset, offset))
			}
		}
		wantLines(t, readTopic(t, k, "t", func(_ string, partition int32) (int64, string, bool) {
			return min(from, 18), id, partition == 0
		}), want...)
	}
}

// TestOpenTransaction proves that a range ends before a transaction that has not
// ended, and that the next run begins there.
func TestOpenTransaction(t *testing.T) {
	k := startKafka(t)
	open := newClient(t, k, kgo.TransactionalID("open"))
	plain := newClient(t, k)
	send(t, plain, 0, "a")
	if err := open.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	send(t, open, 0, "b")
	send(t, plain, 0, "c")
	in := newInputs(t, Settings{})
	sources, err := in.Add(t.Context(), ask(t, k, "t?group=g"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if r := in.Ranges()[0]; r.From != 0 || r.Until != 1 {
		t.Errorf("the range is %d-%d", r.From, r.Until)
	}
	if err := open.EndTransaction(t.Context(), kgo.TryCommit); err != nil {
		t.Fatal(err)
	}
	lines, err := readSources(t, sources, input.Config{})
	if err != nil {
		t.Fatal(err)
	}
	wantLines(t, lines, "t/0@0 a")
	if err := in.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantLines(t, readTopic(t, k, "t?group=g", nil), "t/0@1 b", "t/0@2 c")
}

// TestMarkersAtTheEnd proves that a range ends where nothing but markers and aborted
// messages are left.
func TestMarkersAtTheEnd(t *testing.T) {
	k := startKafka(t)
	client := newClient(t, k, kgo.TransactionalID("x"))
	transaction(t, client, kgo.TryCommit, 0, "a")
	transaction(t, client, kgo.TryAbort, 1, "b")
	in := newInputs(t, Settings{FetchSize: 1})
	sources, err := in.Add(t.Context(), ask(t, k, "t"), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range in.Ranges() {
		if r.Until != 2 {
			t.Errorf("%v ends at %d, not behind the marker", r, r.Until)
		}
	}
	lines, err := readSources(t, sources, input.Config{})
	if err != nil {
		t.Fatal(err)
	}
	wantLines(t, lines, "t/0@0 a")
}

// TestTimes proves that from and until mean the first message at a time or later.
func TestTimes(t *testing.T) {
	k := startKafka(t)
	client := newClient(t, k)
	for day := 10; day < 20; day += 2 {
		sendRecords(t, client, &kgo.Record{Value: fmt.Append(nil, day), Timestamp: time.Date(2024, 1, day, 12, 0, 0, 0, time.UTC)})
	}
	all := []string{"t/0@0 10", "t/0@1 12", "t/0@2 14", "t/0@3 16", "t/0@4 18"}
	for query, want := range map[string][]string{
		"":                                   all,
		"from=@1970-01-01":                   all,
		"from=@2024-01-12":                   all[1:],
		"from=@2024-01-12T12:00:00Z":         all[1:],
		"from=@2024-01-12T12:00:00.001Z":     all[2:],
		"from=@2024-01-12T13:00:00+01:00":    all[1:],
		"from=@2024-01-30":                   nil,
		"until=@2024-01-30":                  all,
		"until=@2024-01-12T12:00:00Z":        all[:1],
		"until=@2024-01-13":                  all[:2],
		"until=@2024-01-01":                  nil,
		"from=@2024-01-13&until=@2024-01-17": all[2:4],
		"from=@2024-01-17&until=@2024-01-13": nil,
		"from=earliest&until=now":            all,
	} {
		t.Run(query, func(t *testing.T) { wantLines(t, readTopic(t, k, "t?"+query, nil), want...) })
	}
}

// TestFromAfterOpenTransaction proves that a range from a time that is behind the
// stable end is empty, and does not go backwards.
func TestFromAfterOpenTransaction(t *testing.T) {
	k := startKafka(t)
	open := newClient(t, k, kgo.TransactionalID("open"))
	if err := open.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	sendRecords(t, open, &kgo.Record{Value: []byte("a"), Timestamp: time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)})
	sendRecords(t, newClient(t, k), &kgo.Record{Value: []byte("b"), Timestamp: time.Date(2024, 1, 3, 0, 0, 0, 0, time.UTC)})
	in := newInputs(t, Settings{})
	if _, err := in.Add(t.Context(), ask(t, k, "t?from=@2024-01-02"), nil); err != nil {
		t.Fatal(err)
	}
	if r := in.Ranges()[0]; r.From != 1 || r.Until != 1 {
		t.Errorf("the range is %d-%d", r.From, r.Until)
	}
}

// TestGroup proves that a group that never committed begins with the first message
// that there is, or where the URL says, and one that did goes on from there.
func TestGroup(t *testing.T) {
	k := startKafka(t)
	client := newClient(t, k)
	send(t, client, 0, "a", "b", "c")
	send(t, client, 1, "d", "e")
	if err := k.DeleteRecords("t", 0, 1); err != nil {
		t.Fatal(err)
	}
	all := []string{"t/0@1 b", "t/0@2 c", "t/1@0 d", "t/1@1 e"}
	wantLines(t, readTopic(t, k, "t?group=g", nil), all...)
	wantLines(t, readTopic(t, k, "t?group=g&from=committed", nil), all...)

	offsets := kadm.Offsets{}
	offsets.Add(kadm.Offset{Topic: "t", Partition: 0, At: 2, LeaderEpoch: -1})
	if err := kadm.NewClient(client).CommitAllOffsets(t.Context(), "g", offsets); err != nil {
		t.Fatal(err)
	}
	some := []string{"t/0@2 c", "t/1@0 d", "t/1@1 e"}
	wantLines(t, readTopic(t, k, "t?group=g", nil), some...)
	wantLines(t, readTopic(t, k, "t?group=g&from=committed", nil), some...)
	wantLines(t, readTopic(t, k, "t?group=other", nil), all...)
	wantLines(t, readTopic(t, k, "t?group=g&from=earliest", nil), all...)
}

// TestCommit proves that Commit gives the group the ends of all ranges, so that the
// next run goes on there; and that nothing is committed without a group.
func TestCommit(t *testing.T) {
	k := startKafka(t)
	client := newClient(t, k)
	send(t, client, 0, "a", "b")
	for _, query := range []string{"t?group=g", "t"} {
		in := newInputs(t, Settings{})
		if _, err := in.Add(t.Context(), ask(t, k, query), nil); err != nil {
			t.Fatal(err)
		}
		send(t, client, 0, "c") // after the range's end
		if err := in.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	wantLines(t, readTopic(t, k, "t?group=g", nil), "t/0@2 c", "t/0@3 c")
	if commits := k.GroupInfo("g").Commits["t"]; commits[0].Offset != 2 || commits[1].Offset != 0 || len(commits) != 2 {
		t.Errorf("committed is %v", commits)
	}
	if groups, err := kadm.NewClient(client).ListGroups(t.Context()); err != nil || len(groups) != 1 {
		t.Errorf("there are groups %v, %v", groups, err)
	}
}

// TestCovered proves that offsets of a state take the place of the URL's and the
// group's, and that a partition that the state doesn't know begins as one does
// without a state.
func TestCovered(t *testing.T) {
	k := startKafka(t)
	client := newClient(t, k)
	send(t, client, 0, "a", "b", "c")
	offsets := kadm.Offsets{}
	offsets.Add(kadm.Offset{Topic: "t", Partition: 0, At: 3, LeaderEpoch: -1})
	if err := kadm.NewClient(client).CommitAllOffsets(t.Context(), "g", offsets); err != nil {
		t.Fatal(err)
	}
	if _, err := kadm.NewClient(client).CreatePartitions(t.Context(), 1, "t"); err != nil {
		t.Fatal(err)
	}
	fresh := newClient(t, k)
	send(t, fresh, 1, "d")
	send(t, fresh, 2, "e")
	id := kadm.TopicID(k.TopicInfo("t").TopicID).String()
	var asked []string
	covered := func(topic string, partition int32) (int64, string, bool) {
		asked = append(asked, fmt.Sprintf("%s/%d", topic, partition))
		if partition > 1 {
			return 0, "", false
		}
		return int64(1 - partition), id, true
	}
	wantLines(t, readTopic(t, k, "t?group=g", covered), "t/0@1 b", "t/0@2 c", "t/1@0 d", "t/2@0 e")
	wantLines(t, asked, "t/0", "t/1", "t/2")
	wantLines(t, readTopic(t, k, "t?from=@2050-01-01", covered), "t/0@1 b", "t/0@2 c", "t/1@0 d")
	none := func(string, int32) (int64, string, bool) { return 0, "", false }
	wantLines(t, readTopic(t, k, "t?group=g", none), "t/1@0 d", "t/2@0 e")
}

// TestGrown proves that partitions that are added meanwhile are told of, and not
// read.
func TestGrown(t *testing.T) {
	k := startKafka(t)
	client := newClient(t, k)
	send(t, client, 0, "a")
	in := newInputs(t, Settings{})
	sources, err := in.Add(t.Context(), ask(t, k, "t"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if sentences, err := in.Grown(t.Context()); err != nil || len(sentences) > 0 {
		t.Errorf("before: %q, %v", sentences, err)
	}
	if _, err := kadm.NewClient(client).CreatePartitions(t.Context(), 3, "t"); err != nil {
		t.Fatal(err)
	}
	send(t, newClient(t, k), 4, "b")
	lines, err := readSources(t, sources, input.Config{})
	if err != nil {
		t.Fatal(err)
	}
	wantLines(t, lines, "t/0@0 a")
	sentences, err := in.Grown(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	wantLines(t, sentences, "topic t has 5 partitions now, and had 2 at the start: the new ones are left to the next run")
}

// TestLeaderMoves proves that reading goes on when another broker gets a partition.
func TestLeaderMoves(t *testing.T) {
	k := startKafka(t)
	send(t, newClient(t, k), 0, "a")
	in := newInputs(t, Settings{})
	sources, err := in.Add(t.Context(), ask(t, k, "t"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := k.MoveTopicPartition("t", 0, 1-k.LeaderFor("t", 0)); err != nil {
		t.Fatal(err)
	}
	lines, err := readSources(t, sources, input.Config{})
	if err != nil {
		t.Fatal(err)
	}
	wantLines(t, lines, "t/0@0 a")
}

// TestBusyBroker proves that a broker that gives nothing for a while is asked
// again.
func TestBusyBroker(t *testing.T) {
	k := startKafka(t)
	send(t, newClient(t, k), 0, "a")
	answers := 0
	k.ControlKey(int16(kmsg.Fetch), func(request kmsg.Request) (kmsg.Response, error, bool) {
		fetch := request.(*kmsg.FetchRequest)
		answer := fetch.ResponseKind().(*kmsg.FetchResponse)
		topic := kmsg.NewFetchResponseTopic()
		topic.Topic, topic.TopicID = fetch.Topics[0].Topic, fetch.Topics[0].TopicID
		partition := kmsg.NewFetchResponseTopicPartition()
		partition.Partition = fetch.Topics[0].Partitions[0].Partition
		topic.Partitions = append(topic.Partitions, partition)
		answer.Topics = append(answer.Topics, topic)
		answers++
		return answer, nil, true
	})
	wantLines(t, readTopic(t, k, "t", nil), "t/0@0 a")
	if answers != 1 {
		t.Errorf("%d answers were empty", answers)
	}
}

// TestCancel proves that reading ends at once when its context does, though a
// broker doesn't answer.
func TestCancel(t *testing.T) {
	k := startKafka(t)
	send(t, newClient(t, k), 0, "a")
	sources, err := newInputs(t, Settings{}).Add(t.Context(), ask(t, k, "t"), nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	stopped := fmt.Errorf("stopped")
	k.ControlKey(int16(kmsg.Fetch), func(kmsg.Request) (kmsg.Response, error, bool) {
		k.KeepControl()
		cancel(stopped)
		return nil, nil, true
	})
	if err := input.NewReader(input.SourcesOf(sources...), input.Config{}).Run(ctx); err != stopped {
		t.Errorf("error %v", err)
	}
}

// TestManyAborted proves that a range is read to its end where so many transactions
// were aborted that what a broker says of them is longer than an answer has room for
// beside its batches.
func TestManyAborted(t *testing.T) {
	k := startKafka(t)
	client := newClient(t, k, kgo.TransactionalID("x"))
	const many = 9000 // 150 bytes each, and 17 to say so
	for range many {
		transaction(t, client, kgo.TryAbort, 0, "no")
	}
	transaction(t, client, kgo.TryCommit, 0, "yes")
	wantLines(t, readTopicWith(t, k, Settings{FetchSize: MinFetchSize, Timeout: 10 * time.Second}, "t", nil), fmt.Sprintf("t/0@%d yes", 2*many))
}
