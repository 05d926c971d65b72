package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"dailystats/testdata/sampling"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// broker is a Kafka broker, with one topic for the test: a fake one in this process,
// or the real one at the address in brokerVariable.
type broker struct {
	t       *testing.T
	cluster *kfake.Cluster // nil for a real one
	address string
	name    string      // of the topic
	parts   int32       // partitions that it has
	client  *kgo.Client // not for transactions
}

const brokerVariable = "DAILYSTATS_TEST_BROKER"

func newBroker(t *testing.T, partitions int32) *broker {
	t.Helper()
	b := &broker{t: t, address: os.Getenv(brokerVariable), name: fmt.Sprintf("events-%d", rand.Uint32()), parts: partitions}
	if b.address == "" {
		cluster, err := kfake.NewCluster(kfake.NumBrokers(1))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(cluster.Close)
		b.cluster, b.address = cluster, cluster.ListenAddrs()[0]
	}
	b.client = b.connect()
	b.createTopic()
	admin := b.admin() // of this client, whatever b.client becomes
	t.Cleanup(func() { // before the client is closed
		if _, err := admin.DeleteTopic(context.Background(), b.name); err != nil {
			t.Error(err)
		}
	})
	return b
}

// brokerPatience is how long a broker on a busy machine may take for what tests wait for.
const brokerPatience = 2 * time.Minute

// await waits until ready returns nil, for as long as we have patience.
func (b *broker) await(ready func(context.Context) error) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), brokerPatience)
	defer cancel()
	for {
		err := ready(ctx)
		if err == nil {
			return
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			b.t.Fatalf("after %v: %v", brokerPatience, err)
		}
	}
}

// createTopic creates the topic. A broker may answer before it knows the topic
// itself, so it is waited for.
func (b *broker) createTopic() {
	b.t.Helper()
	if _, err := b.admin().CreateTopic(context.Background(), b.parts, 1, nil, b.name); err != nil {
		b.t.Fatal(err)
	}
	b.await(func(ctx context.Context) error {
		topic, err := b.topic(ctx)
		if err != nil {
			return err
		}
		led := 0
		for _, p := range topic.Partitions {
			if p.ErrorCode == 0 && p.Leader >= 0 {
				led++
			}
		}
		if led != int(b.parts) {
			return fmt.Errorf("%d of %d partitions of topic %s have a leader", led, b.parts, b.name)
		}
		return nil
	})
}

// awaitEndOfTransactions waits until readers can see all that was sent. A broker may
// answer that a transaction has ended before it has marked its end in the partitions.
func (b *broker) awaitEndOfTransactions() {
	b.t.Helper()
	b.await(func(ctx context.Context) error {
		stable, err := b.admin().ListCommittedOffsets(ctx, b.name)
		if err == nil {
			err = stable.Error()
		}
		if err != nil {
			return err
		}
		end, err := b.admin().ListEndOffsets(ctx, b.name)
		if err == nil {
			err = end.Error()
		}
		if err != nil {
			return err
		}
		for partition := range b.parts {
			readable, _ := stable.Lookup(b.name, partition)
			if last, ok := end.Lookup(b.name, partition); !ok || readable.Offset != last.Offset {
				return fmt.Errorf("partition %d ends at offset %d, and can be read up to offset %d", partition, last.Offset, readable.Offset)
			}
		}
		return nil
	})
}

// admin returns a client for what is done to topics and groups.
func (b *broker) admin() *kadm.Client {
	admin := kadm.NewClient(b.client)
	admin.SetTimeoutMillis(int32(brokerPatience.Milliseconds()))
	return admin
}

// connect returns a client that sends messages to the partition that they say.
func (b *broker) connect(options ...kgo.Opt) *kgo.Client {
	client, err := kgo.NewClient(append(options, kgo.SeedBrokers(b.address), kgo.DefaultProduceTopic(b.name),
		kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.RecordDeliveryTimeout(brokerPatience), kgo.RetryTimeout(brokerPatience))...)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(client.Close)
	return client
}

// url returns the URL of the topic.
func (b *broker) url(parameters string) string {
	return "kafka://" + b.address + "/" + b.name + "?" + parameters
}

// topic asks the broker for the topic, where the client would say what it knows already.
func (b *broker) topic(ctx context.Context) (topic kmsg.MetadataResponseTopic, err error) {
	request := kmsg.NewPtrMetadataRequest()
	of := kmsg.NewMetadataRequestTopic()
	of.Topic = &b.name
	request.Topics = append(request.Topics, of)
	response, err := request.RequestWith(ctx, b.client)
	if err != nil {
		return topic, err
	}
	if len(response.Topics) != 1 {
		return topic, fmt.Errorf("the broker tells of %d topics", len(response.Topics))
	}
	return response.Topics[0], kerr.ErrorForCode(response.Topics[0].ErrorCode)
}

// messages returns a message for each line, on the partitions in turn.
func (b *broker) messages(lines []string) []*kgo.Record {
	var messages []*kgo.Record
	for i, line := range lines {
		messages = append(messages, &kgo.Record{Partition: int32(i) % b.parts, Value: []byte(line)})
	}
	return messages
}

func (b *broker) produce(lines []string) {
	if err := b.client.ProduceSync(context.Background(), b.messages(lines)...).FirstErr(); err != nil {
		b.t.Error(err)
	}
}

// transact sends lines in a transaction.
func (b *broker) transact(client *kgo.Client, lines []string, end kgo.TransactionEndTry) {
	ctx := context.Background()
	err := client.BeginTransaction()
	if err == nil {
		err = client.ProduceSync(ctx, b.messages(lines)...).FirstErr()
	}
	if err == nil {
		err = client.EndTransaction(ctx, end)
	}
	if err != nil {
		b.t.Error(err)
	}
}

// committed returns what a group has committed, on all partitions together.
func (b *broker) committed(group string) (sum int64) {
	offsets, err := b.admin().FetchOffsets(context.Background(), group)
	if err != nil && !errors.Is(err, kerr.GroupIDNotFound) {
		b.t.Error(err)
	}
	for _, o := range offsets[b.name] {
		sum += o.At
	}
	return sum
}

// someEvents returns n events that no other call returns, one in a hundred of them
// invalid.
func someEvents(from, n int) []string {
	lines := make([]string, n)
	for i := range lines {
		id := from + i
		lines[i] = fmt.Sprintf(`{"user_id":%d,"event_type":"purchase","timestamp":"2024-01-%02dT10:30:00Z","amount":%d.%02d}`, id%997, id%28+1, id+1, id%100)
		if id%100 == 99 {
			lines[i] = fmt.Sprintf("bad %d", id)
		}
	}
	return lines
}

// execute runs a command in a folder.
func execute(t *testing.T, command, dir string, args ...string) (status int, stderr string) {
	var text bytes.Buffer
	cmd := exec.Command(command, args...)
	cmd.Dir, cmd.Stderr = dir, &text
	if err := cmd.Run(); err != nil && !errors.As(err, new(*exec.ExitError)) {
		t.Error(err)
	}
	if status = cmd.ProcessState.ExitCode(); status != 0 {
		t.Logf("exit status %d: %s", status, &text)
	}
	return status, text.String()
}

// mustExecute runs a command that has to go well.
func mustExecute(t *testing.T, command, dir string, args ...string) {
	t.Helper()
	if status, text := execute(t, command, dir, args...); status != 0 {
		t.Errorf("exit status %d: %s", status, text)
	}
}

func readFile(t *testing.T, path ...string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Error(err)
	}
	return string(data)
}

// resultOf returns the result of lines in a file.
func resultOf(t *testing.T, command string, lines []string) string {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "events"), []byte(strings.Join(lines, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	mustExecute(t, command, dir, "events", "-o", "result", "--log-invalid=false")
	return readFile(t, dir, "result")
}

// TestSlowBroker proves that tests wait for a broker that answers before it has done
// what it says: that there is a topic, and that transactions have ended.
func TestSlowBroker(t *testing.T) {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	t.Setenv(brokerVariable, cluster.ListenAddrs()[0])
	createLate(t, cluster, time.Second)

	command, b, dir := buildCommand(t), newBroker(t, 3), t.TempDir()
	lines := someEvents(0, 1000)
	mustExecute(t, command, dir, b.url(""), "-o", "result")
	b.produce(lines)
	endLate(cluster, 3)
	b.awaitEndOfTransactions()
	mustExecute(t, command, dir, b.url(""), "-o", "result", "--log-invalid=false")
	if readFile(t, dir, "result") != resultOf(t, command, lines) {
		t.Error("not the result of all messages")
	}
}

// createLate has a broker create the next topic some time after it says so.
func createLate(t *testing.T, cluster *kfake.Cluster, delay time.Duration) {
	client, err := kgo.NewClient(kgo.SeedBrokers(cluster.ListenAddrs()...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	cluster.ControlKey(int16(kmsg.CreateTopics), func(r kmsg.Request) (kmsg.Response, error, bool) {
		request := r.(*kmsg.CreateTopicsRequest)
		asked := request.Topics[0]
		time.AfterFunc(delay, func() {
			if _, err := kadm.NewClient(client).CreateTopic(context.Background(), asked.NumPartitions, 1, nil, asked.Topic); err != nil {
				t.Error(err)
			}
		})
		response := request.ResponseKind().(*kmsg.CreateTopicsResponse)
		of := kmsg.NewCreateTopicsResponseTopic()
		of.Topic, of.NumPartitions, of.ReplicationFactor = asked.Topic, asked.NumPartitions, 1
		response.Topics = append(response.Topics, of)
		return response, nil, true
	})
}

// endLate has a broker answer so many times that nothing can be read of a topic, as
// if transactions were open in it.
func endLate(cluster *kfake.Cluster, times int) {
	cluster.ControlKey(int16(kmsg.ListOffsets), func(r kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		request := r.(*kmsg.ListOffsetsRequest)
		if times == 0 || request.IsolationLevel == 0 {
			return nil, nil, false
		}
		times--
		response := request.ResponseKind().(*kmsg.ListOffsetsResponse)
		for _, asked := range request.Topics {
			of := kmsg.NewListOffsetsResponseTopic()
			of.Topic = asked.Topic
			for _, partition := range asked.Partitions {
				at := kmsg.NewListOffsetsResponseTopicPartition()
				at.Partition, at.Offset = partition.Partition, 0
				of.Partitions = append(of.Partitions, at)
			}
			response.Topics = append(response.Topics, of)
		}
		return response, nil, true
	})
}

// TestTopic proves that a topic gives what its messages in a file give; that the
// rejects name partition and offset; and that the report has the range.
func TestTopic(t *testing.T) {
	command, b, dir := buildCommand(t), newBroker(t, 3), t.TempDir()
	lines := someEvents(0, 5000)
	b.produce(lines)
	mustExecute(t, command, dir, b.url(""), "-o", "result", "--rejects", "rejects", "--report", "report")
	if readFile(t, dir, "result") != resultOf(t, command, lines) {
		t.Error("not the same result as that of the file")
	}
	// Message 99 is number 33 of the first partition.
	first, _, _ := strings.Cut(readFile(t, dir, "rejects"), "\n")
	if want := fmt.Sprintf(`{"input":"%s/0","offset":33,"errors":["malformed_json"],"message":"line is not JSON: invalid character 'b' looking for beginning of value at column 1","raw":"bad 99"}`, b.name); first != want {
		t.Errorf("the first reject is %s", first)
	}
	for _, want := range []string{`"topic": "` + b.name + `"`, `"partition": 2`, `"from": 0`, `"until": 1666`} {
		if !strings.Contains(readFile(t, dir, "report"), want) {
			t.Errorf("the report has no %s", want)
		}
	}
}

// TestTopicAndFiles proves that a topic and files can be read together, in the
// order that they are named in.
func TestTopicAndFiles(t *testing.T) {
	command, b, dir := buildCommand(t), newBroker(t, 2), t.TempDir()
	lines := someEvents(0, 3000)
	b.produce(lines[:2000])
	if err := os.WriteFile(filepath.Join(dir, "file"), []byte(strings.Join(lines[2000:], "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	mustExecute(t, command, dir, "file", b.url(""), "-o", "result", "--rejects", "rejects")
	if readFile(t, dir, "result") != resultOf(t, command, lines) {
		t.Error("not the same result as that of one file")
	}
	inputs := []string{}
	for line := range strings.Lines(readFile(t, dir, "rejects")) {
		inputs = append(inputs, strings.Split(line, `"`)[3])
	}
	if got, want := slices.Compact(slices.Clone(inputs)), []string{"file", b.name + "/1"}; len(inputs) != 30 || !slices.Equal(got, want) {
		t.Errorf("%d rejects, of %v", len(inputs), got)
	}
}

// TestCommit proves that a group is committed when that is asked for, and read on
// from where it is; and that a failing commit is a failure that says what it means.
func TestCommit(t *testing.T) {
	t.Parallel()
	command, b, dir := buildCommand(t), newBroker(t, 2), t.TempDir()
	lines := someEvents(0, 3000)
	b.produce(lines[:1000])
	mustExecute(t, command, dir, b.url("group=g"), "-o", "result")
	if got := b.committed("g"); got != 0 {
		t.Errorf("%d is committed, though nobody asked for it", got)
	}
	mustExecute(t, command, dir, b.url("group=g"), "-o", "result", "--commit")
	if got := b.committed("g"); got != 1000 {
		t.Errorf("%d is committed", got)
	}
	b.produce(lines[1000:])
	mustExecute(t, command, dir, b.url("group=g"), "-o", "result", "--commit")
	if readFile(t, dir, "result") != resultOf(t, command, lines[1000:]) {
		t.Error("what was committed is not what was read before")
	}
	if b.cluster == nil {
		return // a real one can't be told what to do
	}
	b.cluster.ControlKey(int16(kmsg.OffsetCommit), func(kmsg.Request) (kmsg.Response, error, bool) {
		b.cluster.KeepControl()
		return nil, errors.New("the broker hangs up"), true
	})
	status, text := execute(t, command, dir, b.url("group=g&from=earliest"), "-o", "result", "--commit", "--kafka-timeout", "1s", "--log-level", "error")
	if status != 1 || !strings.Contains(text, "group g could not be committed") || strings.Count(text, "\n") != 1 {
		t.Errorf("exit status %d: %s", status, text)
	}
	if readFile(t, dir, "result") != resultOf(t, command, lines) {
		t.Error("the result is not there")
	}
}

// TestStateWhileProducing has ten runs with a state while messages keep coming, some
// in transactions that are aborted: in the end each message counts once, and those
// of aborted transactions don't.
func TestStateWhileProducing(t *testing.T) {
	t.Parallel()
	command, b, dir := buildCommand(t), newBroker(t, 3), t.TempDir()
	stop := make(chan struct{})
	var lines []string
	var aborted int
	var producer sync.WaitGroup
	producer.Go(func() {
		client := b.connect(kgo.TransactionalID(b.name))
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			some := someEvents(i*50, 50)
			switch i % 3 {
			case 0:
				b.produce(some)
			case 1:
				b.transact(client, some, kgo.TryCommit)
			default:
				b.transact(client, some, kgo.TryAbort)
				aborted += len(some)
				continue
			}
			lines = append(lines, some...)
		}
	})
	args := []string{b.url("group=g"), "--state", "state", "-o", "result", "--log-invalid=false"}
	for range 10 {
		mustExecute(t, command, dir, args...)
	}
	close(stop)
	producer.Wait()
	b.awaitEndOfTransactions()
	mustExecute(t, command, dir, args...)
	t.Logf("%d messages that count, %d of aborted transactions", len(lines), aborted)
	if readFile(t, dir, "result") != resultOf(t, command, lines) {
		t.Errorf("not the result of all %d messages", len(lines))
	}
}

// TestStateKills kills runs with a state at random moments, while messages keep
// coming: in the end, each message counts once.
func TestStateKills(t *testing.T) {
	t.Parallel()
	kills := sampling.Count(10, 100)
	command, b, dir := buildCommand(t), newBroker(t, 2), t.TempDir()
	random := rand.New(rand.NewPCG(sampling.Seed(t), 0))
	args := []string{b.url("group=g"), "--state", "state", "-o", "result", "--log-invalid=false"}
	lines := someEvents(0, 20_000)
	b.produce(lines)
	start := time.Now()
	mustExecute(t, command, dir, args...)
	usual := time.Since(start)
	runs, killed := 0, 0
	for ; killed < kills && runs < 10*kills; runs++ { // some end before that
		more := someEvents(len(lines), 500)
		lines = append(lines, more...)
		b.produce(more)
		cmd := exec.Command(command, args...)
		cmd.Dir = dir
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(random.Float64() * 1.2 * float64(usual)))
		cmd.Process.Kill()
		if cmd.Wait() != nil {
			killed++
		}
	}
	t.Logf("a run takes %v; %d of %d were killed before their end", usual, killed, runs)
	if killed < kills {
		t.Error("too few kills")
	}
	mustExecute(t, command, dir, args...)
	if readFile(t, dir, "result") != resultOf(t, command, lines) {
		t.Error("not the result of all messages")
	}
	if left := folderNames(t, filepath.Join(dir, "state")); !slices.Equal(left, []string{"lock", "state"}) {
		t.Errorf("left in the state: %v", left)
	}
	if got := b.committed("g"); got != int64(len(lines)) {
		t.Errorf("%d of %d messages are committed", got, len(lines))
	}
}

// TestStateErrors proves that a state that can't be relied on is refused, in one
// line, and stays as it was.
func TestStateErrors(t *testing.T) {
	t.Parallel()
	command, b := buildCommand(t), newBroker(t, 1)
	b.produce(someEvents(0, 100))
	good := t.TempDir()
	mustExecute(t, command, good, b.url(""), "--state", "state", "-o", "result")
	state := readFile(t, good, "state/state")
	for name, test := range map[string]struct {
		state string
		args  []string
		want  string
		exit  int
	}{
		"a row that was changed": {strings.Replace(state, ",1,1,", ",1,1,1", 1), nil, "checksum is wrong", 1},
		"a row that is missing":  {state[:len(headerLine)] + state[strings.Index(state[len(headerLine):], "\n")+len(headerLine)+1:], nil, "checksum is wrong", 1},
		"the end is missing":     {state[:strings.Index(state, "{")], nil, "no valid end", 1},
		"the end is cut off":     {state[:len(state)-10], nil, "no valid end", 1},
		"empty":                  {"", nil, "no valid end", 1},
		"another schema":         {strings.Replace(state, `"schema":1`, `"schema":7`, 1), nil, "schema 7", 1},
		"of another topic":       {strings.Replace(state, `"id":"`, `"id":"x`, 1), nil, "made anew", 1},
		"behind the end":         {strings.Replace(state, `"offsets":[100`, `"offsets":[101`, 1), nil, "read to offset 101, but ends at offset 100", 1},
		"with a file":            {state, []string{"file"}, "for Kafka topics alone", 2},
		"is the output":          {state, []string{"-o", "state/state"}, "written twice", 2},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := errors.Join(os.Mkdir(filepath.Join(dir, "state"), 0o700), os.WriteFile(filepath.Join(dir, "state/state"), []byte(test.state), 0o600)); err != nil {
				t.Fatal(err)
			}
			status, text := execute(t, command, dir, append([]string{b.url(""), "--state", "state", "--log-level", "error"}, test.args...)...)
			if status != test.exit || !strings.Contains(text, test.want) || strings.Count(text, "\n") != 1 {
				t.Errorf("exit status %d: %s", status, text)
			}
			if readFile(t, dir, "state/state") != test.state {
				t.Error("the state has changed")
			}
		})
	}
}

const headerLine = "date,user_id,event_count,purchase_count,total_revenue\n"

// TestStateInUse proves that a second run on a state is refused, and the first one
// is not disturbed.
func TestStateInUse(t *testing.T) {
	command, b, dir := buildCommand(t), newBroker(t, 1), t.TempDir()
	if runtime.GOOS == "windows" || b.cluster == nil {
		t.Skip("there are no locks on files, or no fake broker")
	}
	b.produce(someEvents(0, 100))
	asked, goOn := make(chan struct{}), make(chan struct{})
	b.cluster.ControlKey(int16(kmsg.Fetch), func(kmsg.Request) (kmsg.Response, error, bool) {
		close(asked)
		<-goOn
		return nil, nil, false
	})
	args := []string{b.url(""), "--state", "state", "-o", "result", "--log-level", "error"}
	var first sync.WaitGroup
	first.Go(func() { mustExecute(t, command, dir, args...) })
	<-asked
	status, text := execute(t, command, dir, args...)
	close(goOn)
	first.Wait()
	if status != 1 || !strings.Contains(text, "--state state is in use by another run") || strings.Count(text, "\n") != 1 {
		t.Errorf("exit status %d: %s", status, text)
	}
	if readFile(t, dir, "result") != resultOf(t, command, someEvents(0, 100)) {
		t.Error("the first run was disturbed")
	}
}

// TestTopicUsage proves that what can't be asked for is refused, in one line, before
// anything is done.
func TestTopicUsage(t *testing.T) {
	t.Parallel()
	command, b := buildCommand(t), newBroker(t, 1)
	for _, test := range []struct {
		args []string
		want string
		exit int
	}{
		{[]string{"kafka://" + b.address + "/other"}, "topic not found: other", 2},
		{[]string{"kafka://user:secret@" + b.address + "/" + b.name}, "names and passwords belong in", 2},
		{[]string{b.url("from=yesterday")}, "no time such as", 2},
		{[]string{b.url(""), b.url("")}, "topic " + b.name + " is named twice", 2},
		{[]string{b.url(""), "--commit"}, "--commit needs", 2},
		{[]string{b.url(""), "--state", "no/such/folder"}, "no such file", 2},
		{[]string{b.url(""), "--kafka-config", "missing"}, "missing", 2},
		{[]string{"merge", b.url("")}, "has events, not results", 2},
		{[]string{"kafka://127.0.0.1:1/events", "--kafka-timeout", "1s"}, "connection refused", 1},
	} {
		dir := t.TempDir()
		status, text := execute(t, command, dir, append(test.args, "--log-level", "error")...)
		if status != test.exit || !strings.Contains(text, test.want) || strings.Count(text, "\n") != 1 || strings.Contains(text, "secret") {
			t.Errorf("%v: exit status %d: %s", test.args, status, text)
		}
		if left := folderNames(t, dir); len(left) > 0 {
			t.Errorf("%v: left behind: %v", test.args, left)
		}
	}
}
