package kafka

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// cluster is brokers that know each other. It may be used by several goroutines.
type cluster struct {
	name      string
	client    *kgo.Client
	admin     *kadm.Client
	timeout   time.Duration
	fetchSize int
	tell      func(string)

	largestAnswer atomic.Int64 // bytes

	mu     sync.Mutex
	topics map[string]topicDetail // as they were when they were looked up last
}

// topicDetail is what brokers know of a topic.
type topicDetail struct {
	id      kadm.TopicID
	leaders map[int32]int32 // the broker that has each partition; -1 for none
}

const (
	// responseOverhead is what a response may have beside batches, in bytes.
	responseOverhead = 64 << 10

	leastDelay  = 100 * time.Millisecond // between two attempts
	longest     = 2 * time.Second
	tellEvery   = 5 * time.Second
	dialTimeout = 5 * time.Second

	answerTimeout = 10 * time.Second // for an answer to one request
	leastTimeout  = time.Second      // that the client takes
	leastAttempts = 3                // for a broker that does not answer
)

// newCluster returns brokers that can be asked until ctx is done.
func newCluster(ctx context.Context, brokers []string, s Settings, options []kgo.Opt) (*cluster, error) {
	size := cmp.Or(s.FetchSize, defaultFetchSize)
	timeout := cmp.Or(s.Timeout, defaultTimeout)
	answer := max(min(timeout/leastAttempts, answerTimeout), leastTimeout)
	client, err := kgo.NewClient(slices.Concat(options, []kgo.Opt{
		kgo.WithContext(ctx), // else a broker that doesn't answer keeps us waiting
		kgo.SeedBrokers(brokers...),
		kgo.ClientID("dailystats"),
		kgo.RequestRetries(0), // it is us who try again
		kgo.RetryTimeout(timeout),
		kgo.DialTimeout(min(answer, dialTimeout)),
		kgo.RequestTimeoutOverhead(answer),
		kgo.FetchMaxBytes(int32(size)),
		kgo.BrokerMaxReadBytes(int32(size + responseOverhead)),
		kgo.DisableClientMetrics(), // they are the brokers' owner's to ask for, not to get
	})...)
	if err != nil {
		return nil, err
	}
	return &cluster{
		name:      scheme + strings.Join(brokers, ","),
		client:    client,
		admin:     kadm.NewClient(client),
		timeout:   timeout,
		fetchSize: size,
		tell:      s.Tell,
		topics:    map[string]topicDetail{},
	}, nil
}

// finalError is an error that trying again would not change.
type finalError struct{ error }

func (e finalError) Unwrap() error { return e.error }

// isFinal reports whether an error stays, however often it is tried.
func isFinal(err error) bool {
	var final finalError
	var certificate *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	var ofKafka *kerr.Error
	switch {
	case errors.As(err, &final), errors.As(err, &certificate), errors.As(err, &authority):
		return true
	case errors.Is(err, kgo.ErrClientClosed):
		return true
	case errors.As(err, &ofKafka):
		return !ofKafka.Retriable
	default:
		return false
	}
}

// try calls do until it succeeds, its error is final, or the cluster has had its
// time. It tells what happens, now and then.
func (c *cluster) try(ctx context.Context, do func(context.Context) error) error {
	attempt, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	deadline := time.Now().Add(c.timeout)
	told := time.Now().Add(leastDelay - tellEvery) // what passes at once isn't worth a word
	var before error
	for delay := leastDelay; ; delay = min(2*delay, longest) {
		err := do(attempt)
		if isTimeout(err) {
			err = cmp.Or(before, err) // says more than that the time is up
		}
		before = err
		left := time.Until(deadline)
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case isFinal(err):
			return fmt.Errorf("%s: %w", c.name, plainly(err))
		case left <= 0:
			return fmt.Errorf("%s: no success within %v (Settings.Timeout): %w", c.name, c.timeout, plainly(err))
		}
		if time.Since(told) >= tellEvery {
			told = time.Now()
			c.tell(fmt.Sprintf("%s: trying again for %v: %v", c.name, left.Round(time.Second), plainly(err)))
		}
		select {
		case <-time.After(min(delay, left)):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// plainly puts errors that many meet into words.
func plainly(err error) error {
	var first *kgo.ErrFirstReadEOF
	var ofKafka *kerr.Error
	switch {
	case errors.Is(err, kerr.SaslAuthenticationFailed):
		return errors.New("authentication failed: check sasl.mechanism, sasl.username and sasl.password")
	case errors.Is(err, kerr.UnsupportedSaslMechanism), errors.Is(err, kerr.IllegalSaslState):
		return errors.New("the broker does not take this sasl.mechanism")
	case isTimeout(err):
		return errors.New("there is no answer")
	case errors.As(err, &first):
		return errors.New("the broker closes the connection at once: check security.protocol and the port")
	case errors.Is(err, io.EOF):
		return errors.New("the broker closes the connection: unless it is restarting, check the sasl settings")
	case errors.Is(err, kerr.UnknownMemberID), errors.Is(err, kerr.RebalanceInProgress):
		return errors.New("it has live consumers: stop them, or give a group that nobody else uses")
	case errors.As(err, &ofKafka):
		return fmt.Errorf("%s: %s", ofKafka.Message, strings.TrimSuffix(ofKafka.Description, "."))
	default:
		return err
	}
}

func isTimeout(err error) bool {
	var ofNet net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &ofNet) && ofNet.Timeout()
}

// note takes down the size of an answer. Any goroutine may call it.
func (c *cluster) note(size int64) {
	for {
		before := c.largestAnswer.Load()
		if size <= before || c.largestAnswer.CompareAndSwap(before, size) {
			return
		}
	}
}

// lookUp asks for a topic's partitions and their leaders. It asks brokers, where
// the client would say what it knows already.
func (c *cluster) lookUp(ctx context.Context, topic string) (detail topicDetail, err error) {
	request := kmsg.NewPtrMetadataRequest()
	of := kmsg.NewMetadataRequestTopic()
	of.Topic = &topic
	request.Topics = append(request.Topics, of)
	response, err := request.RequestWith(ctx, c.client)
	if err != nil {
		return detail, err
	}
	if len(response.Topics) != 1 {
		return detail, errNotAsked
	}
	found := response.Topics[0]
	if err := kerr.ErrorForCode(found.ErrorCode); err != nil {
		return detail, err
	}
	detail = topicDetail{id: found.TopicID, leaders: map[int32]int32{}}
	for _, p := range found.Partitions {
		detail.leaders[p.Partition] = p.Leader
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.topics[topic] = detail
	return detail, nil
}

var errNotAsked = errors.New("the broker answers what it was not asked")

// leader returns the broker that has a partition, and its topic's ID, as they were
// when the topic was looked up last.
func (c *cluster) leader(r Range) (broker int, id kadm.TopicID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.topics[r.Topic]
	return int(t.leaders[r.Partition]), t.id
}
