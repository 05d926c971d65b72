package kafka

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"dailystats/stats/input"

	"github.com/dustin/go-humanize"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// partition reads the messages of a range. It implements [input.Messages].
//
// While it does, it holds one answer of a broker, of FetchSize bytes at most, and
// the one before may not be collected yet.
type partition struct {
	Range
	ctx     context.Context
	cluster *cluster
	decode  input.Decode

	next    int64   // offset to fetch from
	end     int64   // offset behind the batch at hand
	asked   int64   // the one that was fetched from last
	limit   int     // of an answer's batches, in bytes; 0 is FetchSize
	batches batches // that were fetched
	records records // of the batch at hand
}

// Next implements input.Messages.
func (p *partition) Next() (offset uint64, size int64, err error) {
	for {
		at, size, err := p.records.next()
		switch {
		case err == io.EOF:
			if err := p.nextBatch(); err != nil {
				return 0, 0, err
			}
		case err != nil:
			return 0, 0, p.damage(err)
		case at >= p.Until:
			return 0, 0, io.EOF
		case at >= p.From:
			p.From = at + 1 // whatever is answered next, no message counts twice
			return uint64(at), size, nil
		}
	}
}

// Read implements input.Messages.
func (p *partition) Read(b []byte) (int, error) {
	n, err := p.records.Read(b)
	if err != nil && err != io.EOF {
		err = p.damage(err)
	}
	return n, err
}

// Close implements input.Messages.
func (p *partition) Close() {}

// nextBatch goes on to the next batch with messages. It returns io.EOF when the
// range ends.
func (p *partition) nextBatch() error {
	for {
		p.From = max(p.From, p.end) // whatever is answered next, as well
		b, err := p.batches.next()
		switch {
		case err == io.EOF && p.next >= p.Until:
			return io.EOF
		case err == io.EOF:
			if err := p.fetch(); err != nil {
				return err
			}
			continue
		case err != nil:
			return p.damage(err)
		}
		p.end = b.end()
		p.next = max(p.next, p.end)
		if b.isSkipped() || p.end <= p.From {
			continue
		}
		return p.open(b)
	}
}

// open begins with the messages of a batch.
func (p *partition) open(b *batch) error {
	format, err := b.format()
	if err != nil {
		return p.damage(err)
	}
	text, err := p.decode(b.Records, format)
	if err != nil {
		return p.damage(err)
	}
	p.records.open(text, &b.RecordBatch)
	return nil
}

// damage says where messages can't be read.
func (p *partition) damage(err error) error {
	return fmt.Errorf("the batch at offset %d can't be read: %w", p.batches.offset, err)
}

// fetch fetches the next batches.
func (p *partition) fetch() error {
	if p.asked == p.next {
		return fmt.Errorf("offset %d: the broker gives no batch that is whole", p.next)
	}
	p.asked = p.next
	err := p.cluster.try(p.ctx, func(ctx context.Context) error {
		answer, err := p.ask(ctx)
		if err == nil {
			err = p.fault(ctx, answer)
		}
		if err == nil {
			p.batches = newBatches(answer)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("offset %d: %w", p.next, err)
	}
	return nil
}

// maxWait is how long a broker may wait for messages. They are all there, so it
// need not.
const maxWait = 500 * time.Millisecond

// less is how many times less is asked for where an answer was too large.
const less = 16

// ask sends one request to the partition's leader.
func (p *partition) ask(ctx context.Context) (*kmsg.FetchResponseTopicPartition, error) {
	leader, id := p.cluster.leader(p.Range)
	limit := cmp.Or(p.limit, p.cluster.fetchSize)
	request := kmsg.NewPtrFetchRequest()
	request.MaxWaitMillis = int32(maxWait.Milliseconds())
	request.MinBytes = 1
	request.MaxBytes = int32(limit)
	request.IsolationLevel = 1 // with what it takes to leave aborted transactions out
	request.SessionEpoch = -1  // no session
	of := kmsg.NewFetchRequestTopic()
	of.Topic, of.TopicID = p.Topic, id
	at := kmsg.NewFetchRequestTopicPartition()
	at.Partition, at.FetchOffset, at.PartitionMaxBytes = p.Partition, p.next, int32(limit)
	of.Partitions = append(of.Partitions, at)
	request.Topics = append(request.Topics, of)

	response, err := p.cluster.client.Broker(leader).Request(ctx, request)
	if isTooLarge(err) && limit > responseOverhead {
		// It may not be a batch that is, but all that were aborted, which come on top.
		p.limit = max(limit/less, responseOverhead)
		return p.ask(ctx)
	}
	if err != nil {
		return nil, p.refused(ctx, err)
	}
	fetched := response.(*kmsg.FetchResponse)
	if err := kerr.ErrorForCode(fetched.ErrorCode); err != nil {
		return nil, p.refused(ctx, err)
	}
	if len(fetched.Topics) != 1 || len(fetched.Topics[0].Partitions) != 1 {
		return nil, errNotAsked
	}
	answer := &fetched.Topics[0].Partitions[0]
	p.cluster.note(int64(len(answer.RecordBatches)))
	return answer, nil
}

// fault returns what is wrong with an answer.
func (p *partition) fault(ctx context.Context, answer *kmsg.FetchResponseTopicPartition) error {
	err := kerr.ErrorForCode(answer.ErrorCode)
	switch {
	case errors.Is(err, kerr.OffsetOutOfRange):
		return finalError{fmt.Errorf("messages were lost while they were read: the partition has those from offset %d now", answer.LogStartOffset)}
	case err != nil:
		return p.refused(ctx, err)
	case len(answer.RecordBatches) == 0:
		return errNothing // a broker that is short of time or told to send less may say so
	default:
		return nil
	}
}

// ErrBatchTooLarge is among the causes of errors about a batch of messages that is larger
// than Settings.FetchSize.
var ErrBatchTooLarge = errors.New("there is a batch of messages that is larger than the limit")

var errNothing = errors.New("no messages came, though there are some")

// refused looks up who leads the partition now, and returns what may be done about
// an error.
func (p *partition) refused(ctx context.Context, err error) error {
	if isTooLarge(err) {
		return finalError{fmt.Errorf("%w of %s", ErrBatchTooLarge,
			strings.ReplaceAll(humanize.IBytes(uint64(p.cluster.fetchSize)), " ", ""))}
	}
	now, lookUpErr := p.cluster.lookUp(ctx, p.Topic)
	switch {
	case errors.Is(lookUpErr, kerr.UnknownTopicOrPartition):
		return errors.New("the topic was deleted while it was read")
	case lookUpErr == nil && p.TopicID != "" && now.id.String() != p.TopicID:
		return finalError{errors.New("the topic was deleted, and made anew, while it was read")}
	default:
		return cmp.Or(err, lookUpErr)
	}
}

// isTooLarge reports whether an answer was more than the client takes.
func isTooLarge(err error) bool {
	return err != nil && strings.Contains(err.Error(), "large response size")
}
