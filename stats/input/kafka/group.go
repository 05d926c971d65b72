package kafka

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
)

// committed returns the offsets that the topic's group has committed. A group that
// nobody has used has none.
func (t *topic) committed(ctx context.Context) (map[int32]int64, error) {
	offsets := map[int32]int64{}
	all, err := t.cluster.admin.FetchOffsets(ctx, t.Group)
	if errors.Is(err, kerr.GroupIDNotFound) {
		return offsets, nil
	}
	for partition, o := range all[t.Topic] {
		if o.Err != nil {
			return nil, o.Err
		}
		if o.At >= 0 {
			offsets[partition] = o.At
		}
	}
	return offsets, err
}

// refuseLiveGroup returns an error if the topic's group has members: they move its
// offsets.
func (t *topic) refuseLiveGroup(ctx context.Context) error {
	if t.Group == "" {
		return nil
	}
	members, err := t.members(ctx)
	if err == nil && members > 0 {
		err = finalError{fmt.Errorf("group %s has live consumers (%d): stop them, or give a group that nobody else uses", t.Group, members)}
	}
	return err
}

// members counts the members of the topic's group, which may be of either of the
// protocols that groups have.
func (t *topic) members(ctx context.Context) (int, error) {
	classic, err := t.cluster.admin.DescribeGroups(ctx, t.Group)
	if err != nil {
		return 0, err
	}
	g := classic[t.Group]
	switch {
	case g.Err != nil && !errors.Is(g.Err, kerr.GroupIDNotFound):
		return 0, g.Err
	case len(g.Members) > 0:
		return len(g.Members), nil
	}
	consumer, err := t.cluster.admin.DescribeConsumerGroups(ctx, t.Group)
	if err != nil {
		return 0, nil // brokers that don't know this protocol have no such groups
	}
	newer := consumer[t.Group]
	if newer.Err != nil && !errors.Is(newer.Err, kerr.GroupIDNotFound) && !errors.Is(newer.Err, kerr.UnsupportedVersion) {
		return 0, newer.Err
	}
	return len(newer.Members), nil
}

// Commit commits the ends of all ranges to the groups of their URLs, where there
// are any.
func (in *Inputs) Commit(ctx context.Context) error {
	for _, t := range in.topics {
		if t.Group == "" {
			continue
		}
		if err := t.cluster.try(ctx, t.commit); err != nil {
			return fmt.Errorf("group %s could not be committed: %w", t.Group, err)
		}
	}
	return nil
}

func (t *topic) commit(ctx context.Context) error {
	offsets := kadm.Offsets{}
	for _, r := range t.ranges {
		offsets.Add(kadm.Offset{Topic: r.Topic, Partition: r.Partition, At: r.Until, LeaderEpoch: -1})
	}
	done, err := t.cluster.admin.CommitOffsets(ctx, t.Group, offsets)
	if err == nil {
		err = done.Error()
	}
	return err
}
