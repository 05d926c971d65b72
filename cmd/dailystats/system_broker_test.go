//go:build broker

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"dailystats/stats/report"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// What only a real broker can show; .ci/broker starts one.

// TestBrokerLarge proves that 10 million events give the same result from a topic
// of 8 partitions as from a file, in 64 MiB.
func TestBrokerLarge(t *testing.T) {
	const events = 10_000_000
	command, dir := buildCommand(t), t.TempDir()
	mustExecute(t, command, dir, "gen", "--events", fmt.Sprint(events), "--users", fmt.Sprint(events), "-o", "events")
	mustExecute(t, command, dir, "events", "-o", "want", "--log-level", "error")
	for name, codec := range map[string]kgo.CompressionCodec{"plain": kgo.NoCompression(), "zstd": kgo.ZstdCompression(), "lz4": kgo.Lz4Compression()} {
		t.Run(name, func(t *testing.T) {
			b := newBroker(t, 8)
			b.client = b.connect(kgo.ProducerBatchCompression(codec), kgo.ProducerLinger(5*time.Millisecond), kgo.MaxBufferedRecords(100_000))
			b.produceFile(filepath.Join(dir, "events"), 8)
			mustExecute(t, command, dir, b.url(""), "-o", "got", "--report", "report", "--memory", "64MiB", "--log-level", "error")
			if !bytes.Equal([]byte(readFile(t, dir, "got")), []byte(readFile(t, dir, "want"))) {
				t.Error("not the result of the file")
			}
			var report report.Report
			if err := json.Unmarshal([]byte(readFile(t, dir, "report")), &report); err != nil {
				t.Fatal(err)
			}
			checkPeak(t, "64MiB", report)
			t.Logf("%d events in %.2f s: %.1f million a second", report.Events, report.Seconds, float64(report.Events)/report.Seconds/1e6)
		})
	}
}

// produceFile sends each line of a file.
func (b *broker) produceFile(path string, partitions int32) {
	f, err := os.Open(path)
	if err != nil {
		b.t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for i := int32(0); lines.Scan(); i++ {
		b.client.Produce(context.Background(), &kgo.Record{Partition: i % partitions, Value: bytes.Clone(lines.Bytes())}, func(_ *kgo.Record, err error) {
			if err != nil {
				b.t.Error(err)
			}
		})
	}
	if err := b.client.Flush(context.Background()); err != nil {
		b.t.Fatal(err)
	}
}

// TestBrokerManyAborted proves that a topic is read to its end where so many
// transactions were aborted that what a broker says of them is longer than an answer
// has room for beside its batches.
func TestBrokerManyAborted(t *testing.T) {
	command, b, dir := buildCommand(t), newBroker(t, 1), t.TempDir()
	lines := someEvents(0, 2)
	var producers sync.WaitGroup
	for i := range 10 {
		producers.Go(func() {
			client := b.connect(kgo.TransactionalID(fmt.Sprint(b.name, i)))
			for range 900 {
				b.transact(client, lines[:1], kgo.TryAbort)
			}
		})
	}
	producers.Wait()
	b.produce(lines[1:])
	b.awaitEndOfTransactions()
	mustExecute(t, command, dir, b.url(""), "-o", "result", "--memory", "24MiB", "--parallel", "1")
	if readFile(t, dir, "result") != resultOf(t, command, lines[1:]) {
		t.Error("not the result of the messages that were not aborted")
	}
}

// TestBrokerRetention proves that what retention has deleted before it was read is
// an error that names the partition and both offsets.
func TestBrokerRetention(t *testing.T) {
	command, b, dir := buildCommand(t), newBroker(t, 1), t.TempDir()
	b.produce(someEvents(0, 100))
	mustExecute(t, command, dir, b.url("group=g"), "--state", "state", "-o", "result")
	older := readFile(t, dir, "result")
	b.produce(someEvents(100, 100))
	offsets := kadm.Offsets{}
	offsets.Add(kadm.Offset{Topic: b.name, Partition: 0, At: 150})
	deleted, err := b.admin().DeleteRecords(t.Context(), offsets)
	if err == nil {
		err = deleted.Error()
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, state := range [][]string{{"--state", "state"}, nil} {
		status, text := execute(t, command, dir, append(state, b.url("group=g"), "-o", "result", "--log-level", "error")...)
		if status != 1 || !strings.Contains(text, b.name+"/0: messages are lost") || !strings.Contains(text, "offset 100,") ||
			!strings.Contains(text, "offset 150 ") || strings.Count(text, "\n") != 1 {
			t.Errorf("exit status %d: %s", status, text)
		}
	}
	if readFile(t, dir, "result") != older {
		t.Error("the result has changed")
	}
}

// TestBrokerLiveGroup proves that a group with members is refused, be it of the
// older or the newer protocol.
func TestBrokerLiveGroup(t *testing.T) {
	command := buildCommand(t)
	for name, options := range map[string][]kgo.Opt{
		"classic":  nil,
		"consumer": {kgo.ServerSideBalancer(), kgo.Balancers(kgo.RangeBalancer())},
	} {
		t.Run(name, func(t *testing.T) {
			b, dir := newBroker(t, 2), t.TempDir()
			b.produce(someEvents(0, 100))
			consumer, err := kgo.NewClient(append(options, kgo.SeedBrokers(b.address), kgo.ConsumeTopics(b.name), kgo.ConsumerGroup(b.name),
				kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))...)
			if err != nil {
				t.Fatal(err)
			}
			defer consumer.Close()
			ctx, cancel := context.WithTimeout(t.Context(), brokerPatience)
			defer cancel()
			if err := consumer.PollFetches(ctx).Err(); err != nil { // it is a member by then
				t.Fatal(err)
			}
			groups, err := b.admin().DescribeConsumerGroups(t.Context(), b.name)
			if newer := len(groups[b.name].Members) == 1; err != nil || newer != (name == "consumer") {
				t.Errorf("it is no group of this protocol: %+v, %v", groups, err)
			}
			status, text := execute(t, command, dir, b.url("group="+b.name), "--log-level", "error")
			if status != 1 || !strings.Contains(text, "has live consumers (1)") || strings.Count(text, "\n") != 1 {
				t.Errorf("exit status %d: %s", status, text)
			}
		})
	}
}

// TestBrokerSASL proves that each mechanism works with the right password, and says
// so with a wrong one, without showing it.
func TestBrokerSASL(t *testing.T) {
	command, b := buildCommand(t), newBroker(t, 2)
	b.produce(someEvents(0, 100))
	url := "kafka://" + os.Getenv("DAILYSTATS_TEST_SASL_BROKER") + "/" + b.name
	for _, mechanism := range []string{"PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"} {
		dir := t.TempDir()
		t.Setenv("DAILYSTATS_KAFKA_SASL_PASSWORD", "secret")
		config := "security.protocol=sasl_plaintext\nsasl.username=stats\nsasl.mechanism=" + mechanism + "\n"
		if err := os.WriteFile(filepath.Join(dir, "config"), []byte(config), 0o600); err != nil {
			t.Fatal(err)
		}
		mustExecute(t, command, dir, url, "--kafka-config", "config", "-o", "result")
		t.Setenv("DAILYSTATS_KAFKA_SASL_PASSWORD", "wrong-password")
		status, text := execute(t, command, dir, url, "--kafka-config", "config", "--log-level", "debug", "-o", "result")
		if status != 1 || !strings.Contains(text, "authentication failed") || strings.Contains(text, "wrong-password") {
			t.Errorf("%s: exit status %d: %s", mechanism, status, text)
		}
	}
}

// TestBrokerTopicDeleted proves that a topic that is deleted while it is read is an
// error, and the result stays as it was.
func TestBrokerTopicDeleted(t *testing.T) {
	command, b, dir := buildCommand(t), newBroker(t, 4), t.TempDir()
	for range 20 {
		b.produce(longEvents(20))
	}
	deleted := make(chan error)
	go func() {
		err := awaitFiles(dir)
		if err == nil {
			_, err = b.admin().DeleteTopic(context.Background(), b.name)
		}
		deleted <- err
	}()
	// One worker, so that it takes a while.
	status, text := execute(t, command, dir, b.url(""), "-o", "result", "--parallel", "1", "--memory", "24MiB", "--kafka-timeout", "3s", "--log-level", "error")
	if err := <-deleted; err != nil {
		t.Fatal(err)
	}
	if status == 0 {
		t.Skip("it was read before it was deleted")
	}
	if status != 1 || !strings.Contains(text, "the topic was deleted while it was read") || strings.Count(text, "\n") != 1 {
		t.Errorf("exit status %d: %s", status, text)
	}
	if left := folderNames(t, dir); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	b.createTopic() // for the end of the test to delete
}

// awaitFiles waits until a run begins to write to a folder: it knows then what it
// will read.
func awaitFiles(folder string) error {
	for range brokerPatience / time.Millisecond {
		if files, err := os.ReadDir(folder); err != nil || len(files) > 0 {
			return err
		}
		time.Sleep(time.Millisecond)
	}
	return fmt.Errorf("nothing is written within %v", brokerPatience)
}
