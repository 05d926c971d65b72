package kafka

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
)

const scheme = "kafka://"

// IsURL reports whether an argument names a topic.
func IsURL(arg string) bool { return strings.HasPrefix(arg, scheme) }

// Request is what a URL asks for:
//
//	kafka://b1:9092,b2:9092/topic?group=G&from=committed|earliest|@TIME&until=now|@TIME
type Request struct {
	Brokers []string // host:port
	Topic   string
	Group   string // of the offsets that are committed; empty for none
	From    Moment // zero is the offset that is committed
	Until   Moment // zero is the end
}

// Moment is a place in all partitions of a topic.
type Moment struct {
	Earliest bool      // the first message that is there
	Time     time.Time // the first message with this timestamp, or a later one, unless it is zero
}

// Parse reads a URL. Errors don't show it: it may have a password in it.
func Parse(arg string) (Request, error) {
	r, err := parse(arg)
	if err != nil {
		return Request{}, fmt.Errorf("kafka URL: %w: write it as kafka://HOST:PORT,…/TOPIC?group=G&from=committed|earliest|@TIME&until=now|@TIME", err)
	}
	return r, nil
}

func parse(arg string) (r Request, err error) {
	place, query, _ := strings.Cut(strings.TrimPrefix(arg, scheme), "?")
	brokers, topic, _ := strings.Cut(place, "/")
	if strings.Contains(brokers, "@") {
		return r, errors.New("names and passwords belong in the environment or in the file that Settings.File names")
	}
	if r.Brokers, err = parseBrokers(brokers); err != nil {
		return r, err
	}
	if !isTopic(topic) {
		return r, errors.New("it has no valid topic")
	}
	r.Topic = topic
	values, err := url.ParseQuery(query)
	if err != nil {
		return r, errors.New("what follows ? can't be read")
	}
	for name, value := range values {
		if err := r.set(name, value); err != nil {
			return r, err
		}
	}
	switch {
	case r.Group == "" && values.Get("from") == "committed":
		return r, errors.New("from=committed needs a group")
	case r.Group == "" && values.Get("from") == "":
		r.From.Earliest = true
	}
	return r, nil
}

func parseBrokers(list string) (brokers []string, err error) {
	for broker := range strings.SplitSeq(list, ",") {
		u := url.URL{Host: broker}
		if u.Hostname() == "" || strings.ContainsAny(broker, " \t\\") {
			return nil, errors.New("it has no valid broker")
		}
		if u.Port() == "" {
			broker = strings.TrimSuffix(broker, ":") + ":9092"
		}
		brokers = append(brokers, broker)
	}
	return brokers, nil
}

// isTopic reports whether Kafka allows a name for a topic.
func isTopic(name string) bool {
	isStrange := func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("._-", r))
	}
	const longest = 249
	return name != "" && name != "." && name != ".." && len(name) <= longest && !strings.ContainsFunc(name, isStrange)
}

// set takes one parameter.
func (r *Request) set(name string, values []string) (err error) {
	if len(values) != 1 || values[0] == "" {
		return fmt.Errorf("%s must be given once, with a value", name)
	}
	value := values[0]
	switch {
	case name == "group":
		r.Group = value
	case name == "from" && value == "committed", name == "until" && value == "now":
	case name == "from" && value == "earliest":
		r.From.Earliest = true
	case name == "from":
		r.From.Time, err = parseTime(value)
	case name == "until":
		r.Until.Time, err = parseTime(value)
	default:
		err = fmt.Errorf("there is no parameter %s", name)
	}
	if err != nil {
		err = fmt.Errorf("%w in %s", err, name)
	}
	return err
}

// parseTime reads @ and a time.
func parseTime(text string) (time.Time, error) {
	text, found := strings.CutPrefix(text, "@")
	if found {
		for _, layout := range []string{time.RFC3339, time.DateOnly} {
			// A + that is not escaped is a space.
			if t, err := time.Parse(layout, strings.Replace(text, " ", "+", 1)); err == nil {
				return t, nil
			}
		}
	}
	return time.Time{}, errors.New("there is no time such as @2024-01-15T10:30:00Z or @2024-01-15")
}

// String returns the topic with its brokers, as errors have it.
func (r Request) String() string { return scheme + strings.Join(r.Brokers, ",") + "/" + r.Topic }
