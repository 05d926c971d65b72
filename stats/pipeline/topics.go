package pipeline

import (
	"cmp"
	"context"
	"fmt"
	"runtime"
	"slices"

	"dailystats/stats/input"
	"dailystats/stats/input/kafka"
)

// openTopics prepares for topics among the inputs. Brokers are asked later.
func (j *job) openTopics() {
	if !j.hasTopics() {
		return
	}
	settings := j.Kafka
	settings.Tell, settings.FetchSize = j.warn, j.fetchSize()
	j.topics = kafka.NewInputs(settings)
}

// addTopic returns the partitions of an input that is a Kafka topic, or none where
// it is something else.
func (j *job) addTopic(ctx context.Context, arg string) ([]input.Source, error) {
	if !kafka.IsURL(arg) {
		return nil, nil
	}
	request, err := kafka.Parse(arg)
	if err != nil {
		return nil, UsageErrorf("%w", err)
	}
	var covered kafka.Covered
	if j.state != nil {
		covered = j.state.covered
	}
	return j.topics.Add(ctx, request, covered)
}

// hasTopics reports whether an input is a Kafka topic.
func (j *job) hasTopics() bool { return slices.ContainsFunc(j.Inputs, kafka.IsURL) }

// fetchSize is the most that one answer of a broker may be, in bytes, or 0 where
// there are none. It has to be known before the number of partitions is.
func (j *job) fetchSize() int {
	if !j.hasTopics() {
		return 0
	}
	const part = 24 // of the memory, for the answers to all workers
	workers := cmp.Or(j.Parallel, runtime.GOMAXPROCS(0))
	return clamp(j.Memory/part/int64(workers), kafka.MinFetchSize, maxFetchSize)
}

const maxFetchSize = 64 * mib

// ranges is what is read of topics.
func (j *job) ranges() (ranges []PartitionRange) {
	if j.topics == nil {
		return nil
	}
	for _, r := range j.topics.Ranges() {
		ranges = append(ranges, PartitionRange{r.Topic, r.Partition, r.From, r.Until})
	}
	return ranges
}

// warnOfGrowth tells of partitions that came too late to be read.
func (j *job) warnOfGrowth(ctx context.Context) {
	if j.topics == nil {
		return
	}
	sentences, err := j.topics.Grown(ctx)
	if err != nil {
		j.warn(fmt.Sprintf("it is not known whether topics have got new partitions meanwhile: %v", err))
	}
	for _, s := range sentences {
		j.warn(s)
	}
}

// commitGroups commits what was read, when it has been written.
func (j *job) commitGroups(ctx context.Context) error {
	if !j.Commit || j.topics == nil {
		return nil
	}
	err := j.topics.Commit(ctx)
	if err != nil && j.state != nil {
		j.warn(fmt.Sprintf("%v: the state has the offsets, so nothing will be read again", err))
		return nil
	}
	if err != nil {
		return fmt.Errorf("%w: the result is complete, but the next run would read the same messages", err)
	}
	return nil
}
