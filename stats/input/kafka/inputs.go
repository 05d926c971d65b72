package kafka

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"dailystats/stats/input"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// ErrUsage is among the causes of errors about what was asked for, such as a topic
// that isn't there.
var ErrUsage = errors.New("wrong usage")

// usageError is an error that ErrUsage is a cause of, without saying so.
type usageError struct{ error }

func (e usageError) Is(target error) bool { return target == ErrUsage }
func (e usageError) Unwrap() error        { return e.error }

// Range is what is read of a partition.
type Range struct {
	Topic     string
	TopicID   string // empty where brokers know no IDs
	Partition int32
	From      int64 // offset of the first message
	Until     int64 // offset behind the last message
}

// String returns the partition's name.
func (r Range) String() string { return fmt.Sprintf("%s/%d", r.Topic, r.Partition) }

// Inputs are the ranges that URLs stand for.
type Inputs struct {
	settings Settings
	security func() (security, error)  // of the settings; their file is read once: it may be a pipe
	options  func() ([]kgo.Opt, error) // of clients, likewise
	clusters map[string]*cluster       // by brokers
	topics   []*topic
}

// topic is a topic that is read.
type topic struct {
	Request
	cluster *cluster
	id      kadm.TopicID
	ranges  []Range
}

// NewInputs returns Inputs without any range. The caller must call Close in the
// end.
func NewInputs(s Settings) *Inputs {
	in := &Inputs{settings: s, clusters: map[string]*cluster{}}
	in.security = sync.OnceValues(func() (security, error) {
		values, err := s.security()
		return values, settingsError(err)
	})
	in.options = sync.OnceValues(func() ([]kgo.Opt, error) {
		values, err := in.security()
		if err != nil {
			return nil, err
		}
		options, err := values.options()
		return options, settingsError(err)
	})
	return in
}

func settingsError(err error) error {
	if err == nil {
		return nil
	}
	return usageError{fmt.Errorf("kafka settings: %w", err)}
}

// LargestAnswer returns the most bytes of batches that a broker has sent at a time.
func (in *Inputs) LargestAnswer() (most int) {
	for _, c := range in.clusters {
		most = max(most, int(c.largestAnswer.Load()))
	}
	return most
}

// Close ends all connections.
func (in *Inputs) Close() {
	for _, c := range in.clusters {
		c.client.Close()
	}
}

// Covered returns the offset up to which a partition of a topic has been read
// before, and the topic's ID then; ok is false where none of its partitions has.
type Covered func(topic string, partition int32) (offset int64, topicID string, ok bool)

// Add fixes the ranges that a URL stands for, one for each partition, and returns
// them as sources. It must be the same ctx each time, which ends all that brokers
// are asked. Where covered has a topic, its offsets take the place of those
// of the URL. covered may be nil.
func (in *Inputs) Add(ctx context.Context, r Request, covered Covered) ([]input.Source, error) {
	for _, other := range in.topics {
		if other.Topic == r.Topic {
			return nil, usageError{fmt.Errorf("topic %s is named twice: give it once", r.Topic)}
		}
	}
	c, err := in.cluster(ctx, r.Brokers)
	if err != nil {
		return nil, err
	}
	t := &topic{Request: r, cluster: c}
	if err := c.try(ctx, t.lookUp); err != nil {
		return nil, err
	}
	if err := c.try(ctx, t.refuseLiveGroup); err != nil {
		return nil, err
	}
	if err := c.try(ctx, func(ctx context.Context) error { return t.fix(ctx, covered) }); err != nil {
		return nil, err
	}
	in.topics = append(in.topics, t)
	sources := make([]input.Source, len(t.ranges))
	for i, r := range t.ranges {
		sources[i] = input.MessageSource(r.String(), func(ctx context.Context, decode input.Decode) input.Messages {
			return &partition{ctx: ctx, cluster: c, Range: r, next: r.From, asked: -1, decode: decode}
		})
	}
	return sources, nil
}

// cluster connects to brokers, once.
func (in *Inputs) cluster(ctx context.Context, brokers []string) (*cluster, error) {
	name := strings.Join(brokers, ",")
	if c := in.clusters[name]; c != nil {
		return c, nil
	}
	options, err := in.options()
	if err != nil {
		return nil, err
	}
	c, err := newCluster(ctx, brokers, in.settings, options)
	if err != nil {
		return nil, settingsError(err)
	}
	in.clusters[name] = c
	return c, nil
}

// Ranges returns all ranges, in the order of their sources.
func (in *Inputs) Ranges() []Range {
	var all []Range
	for _, t := range in.topics {
		all = append(all, t.ranges...)
	}
	return all
}

// Grown returns a sentence for each topic that has got partitions since it was
// added. They are not read.
func (in *Inputs) Grown(ctx context.Context) (sentences []string, err error) {
	for _, t := range in.topics {
		var now topicDetail
		err := t.cluster.try(ctx, func(ctx context.Context) (err error) {
			now, err = t.cluster.lookUp(ctx, t.Topic)
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", t.Topic, err)
		}
		if len(now.leaders) > len(t.ranges) {
			sentences = append(sentences, fmt.Sprintf("topic %s has %d partitions now, and had %d at the start: the new ones are left to the next run",
				t.Topic, len(now.leaders), len(t.ranges)))
		}
	}
	return sentences, nil
}

// lookUp finds the topic.
func (t *topic) lookUp(ctx context.Context) error {
	detail, err := t.cluster.lookUp(ctx, t.Topic)
	if errors.Is(err, kerr.UnknownTopicOrPartition) {
		return finalError{usageError{fmt.Errorf("topic not found: %s", t.Topic)}}
	}
	t.id = detail.id
	return err
}

// fix fixes the ranges: it asks where partitions begin and end now.
func (t *topic) fix(ctx context.Context, covered Covered) error {
	detail, err := t.cluster.lookUp(ctx, t.Topic)
	if err != nil {
		return err
	}
	t.id = detail.id // it may have been made anew since it was found
	l, err := t.list(ctx)
	if err != nil {
		return err
	}
	t.ranges = t.ranges[:0]
	for _, partition := range slices.Sorted(maps.Keys(detail.leaders)) {
		r := Range{Topic: t.Topic, Partition: partition}
		if _, ok := l.end.Lookup(t.Topic, partition); !ok {
			return fmt.Errorf("%v: its offsets are not known yet", r)
		}
		if t.id != (kadm.TopicID{}) {
			r.TopicID = t.id.String()
		}
		if err := l.fix(&r, covered); err != nil {
			return finalError{fmt.Errorf("%v: %w", r, err)}
		}
		t.ranges = append(t.ranges, r)
	}
	return nil
}

// limits are offsets of a topic's partitions.
type limits struct {
	start     kadm.ListedOffsets // what is there begins
	end       kadm.ListedOffsets // and ends
	stable    kadm.ListedOffsets // transactions are ended up to here
	from      kadm.ListedOffsets // a time; nil if none was given
	until     kadm.ListedOffsets // likewise
	committed map[int32]int64    // by the group; nil where its offsets are not asked for
}

// list asks for the offsets that ranges depend on.
func (t *topic) list(ctx context.Context) (l limits, err error) {
	admin := t.cluster.admin
	ask := func(list func(context.Context, ...string) (kadm.ListedOffsets, error)) (offsets kadm.ListedOffsets) {
		if err == nil {
			offsets, err = list(ctx, t.Topic)
		}
		if err == nil {
			err = offsets.Error()
		}
		return offsets
	}
	at := func(m Moment) kadm.ListedOffsets {
		if m.Time.IsZero() {
			return nil
		}
		return ask(func(ctx context.Context, topics ...string) (kadm.ListedOffsets, error) {
			return admin.ListOffsetsAfterMilli(ctx, m.Time.UnixMilli(), topics...)
		})
	}
	l.stable = ask(admin.ListCommittedOffsets) // first, so that it is the moment of the start
	l.start = ask(admin.ListStartOffsets)
	l.end = ask(admin.ListEndOffsets)
	l.from, l.until = at(t.From), at(t.Until)
	if err == nil && t.From == (Moment{}) {
		l.committed, err = t.committed(ctx)
	}
	return l, err
}

// fix fixes one range. Its error is final.
func (l *limits) fix(r *Range, covered Covered) error {
	r.Until = offsetOf(l.stable, r)
	if l.until != nil {
		r.Until = min(r.Until, offsetOf(l.until, r))
	}
	from, err := l.first(r, covered)
	if err != nil {
		return err
	}
	r.From, r.Until = from, max(r.Until, from)
	return nil
}

// first returns the offset that a range begins with.
func (l *limits) first(r *Range, covered Covered) (int64, error) {
	if covered != nil {
		offset, id, ok := covered(r.Topic, r.Partition)
		if ok && id != r.TopicID {
			return 0, fmt.Errorf("the state is of a topic with ID %s, this one has ID %s: it was deleted and made anew, so start a new state", id, r.TopicID)
		}
		if ok {
			return offset, l.check(r, offset)
		}
	}
	start := offsetOf(l.start, r)
	if offset, ok := l.committed[r.Partition]; ok {
		return offset, l.check(r, offset)
	}
	if l.from != nil {
		return max(start, offsetOf(l.from, r)), nil
	}
	return start, nil
}

// check returns an error if what follows an offset that has been read to is not
// all there.
func (l *limits) check(r *Range, offset int64) error {
	start, end := offsetOf(l.start, r), offsetOf(l.end, r)
	switch {
	case offset < start:
		return fmt.Errorf("messages are lost: it has been read to offset %d, but begins at offset %d now: go on from there with from=earliest, and with a new state if there is one", offset, start)
	case offset > end:
		return fmt.Errorf("it has been read to offset %d, but ends at offset %d now: messages were lost, or it was made anew", offset, end)
	default:
		return nil
	}
}

func offsetOf(offsets kadm.ListedOffsets, r *Range) int64 {
	o, _ := offsets.Lookup(r.Topic, r.Partition)
	return o.Offset
}
