package pipeline

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"dailystats/sorter"
	"dailystats/stats/event"
	"dailystats/stats/input/kafka"
	"dailystats/stats/output"
	"dailystats/stats/result"

	"golang.org/x/sync/errgroup"
)

// state is what a folder keeps of all runs so far: the result, exact, and how far
// the partitions have been read that it is of. They are one file, so that they
// change together, when it is renamed:
//
//	date,user_id,event_count,purchase_count,total_revenue
//	2024-01-01,123,2,1,19.99
//	{"schema":1,"topics":{"events":{"id":"…","offsets":[17,4]}},"crc32c":…}
//
// Events that are written otherwise than section 2 of stats/README.md has it give schema 2, which
// says how.
//
// Whatever happens before that, the next run does the same again; and whatever
// happens after it, the next run goes on from there, and writes the output anew.
type state struct {
	path string
	lock io.Closer
	old  *os.File // nil where there is none
	size int64    // of the old result, in bytes
	stateEnd
	file *output.File // to become the new state
}

// stateEnd is the last line of a state.
type stateEnd struct {
	Schema int                  `json:"schema"`
	Events event.Schema         `json:"events,omitzero"`
	Topics map[string]readTopic `json:"topics"`
	Sum    uint32               `json:"crc32c"` // of the result
}

// readTopic is how far a topic has been read.
type readTopic struct {
	ID      string  `json:"id"`
	Offsets []int64 `json:"offsets"` // by partition: of the next message
}

const (
	stateSchema       = 1
	mappedStateSchema = 2 // it has Events
	stateName         = "state"
	lockName          = "lock"

	longestStateEnd = 4 * mib // 100,000 partitions
)

var errStateEnd = errors.New("it has no valid end: restore it from a backup, or start a new one")

var stateTable = crc32.MakeTable(crc32.Castagnoli)

// openState opens the state, if one is wanted, and keeps others from it.
func (j *job) openState() error {
	if j.State == "" {
		return nil
	}
	if err := os.Mkdir(j.State, 0o777); err != nil && !errors.Is(err, fs.ErrExist) {
		return UsageErrorf("Options.State: %w", err)
	}
	lock, err := output.Lock(filepath.Join(j.State, lockName))
	if errors.Is(err, output.ErrTaken) {
		return fmt.Errorf("Options.State %s is in use by another run: wait for its end", j.State)
	}
	if err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return fmt.Errorf("Options.State: %w", err)
	}
	s := &state{path: filepath.Join(j.State, stateName), lock: lock}
	if err := s.open(); err != nil {
		s.close()
		return fmt.Errorf("Options.State: %s: %w", s.path, err)
	}
	if err := s.take(j.Schema); err != nil {
		s.close()
		return UsageErrorf("Options.State %s: %w", j.State, err)
	}
	if s.old == nil {
		j.warn(fmt.Sprintf("Options.State %s is new: the result is of what is read from now on", j.State))
	}
	j.state = s
	return nil
}

// open reads the end of the state, if there is one.
func (s *state) open() error {
	info, err := os.Stat(s.path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		s.Topics = map[string]readTopic{}
		return nil
	case err != nil:
		return err
	case !info.Mode().IsRegular(): // to open a pipe could take for ever
		return errors.New("it is not a regular file: name a folder that is for states alone")
	}
	if s.old, err = os.Open(s.path); err != nil {
		return err
	}
	tail := make([]byte, min(info.Size(), longestStateEnd))
	if _, err := s.old.ReadAt(tail, info.Size()-int64(len(tail))); err != nil {
		return err
	}
	line, isWhole := bytes.CutSuffix(tail, []byte{'\n'})
	line = line[bytes.LastIndexByte(line, '\n')+1:]
	s.size = info.Size() - int64(len(line)) - 1
	if err := json.Unmarshal(line, &s.stateEnd); err != nil || !isWhole {
		return errStateEnd
	}
	if s.Schema != stateSchema && s.Schema != mappedStateSchema {
		return fmt.Errorf("it has schema %d: this program knows %d and %d", s.Schema, stateSchema, mappedStateSchema)
	}
	if s.Topics == nil {
		return errStateEnd
	}
	return nil
}

// take has the state be one of events as the schema has them, which an old one must be.
func (s *state) take(events event.Schema) error {
	if s.old != nil && !s.Events.Equal(events) {
		was, _ := json.Marshal(s.Events)
		is, _ := json.Marshal(events)
		return fmt.Errorf("its result is of events that are read with the settings %s, not %s: give those, or start a new state", was, is)
	}
	s.Schema, s.Events = stateSchema, events
	if !events.IsZero() {
		s.Schema = mappedStateSchema
	}
	return nil
}

// create starts the new state.
func (s *state) create(ctx context.Context) (err error) {
	s.file, err = output.Create(ctx, s.path)
	return err
}

// close lets go of the state, and of the new one, if it was not committed.
func (s *state) close() {
	if s.old != nil {
		s.old.Close()
	}
	if s.file != nil {
		s.file.Discard()
	}
	if s.lock != nil {
		s.lock.Close()
	}
}

// coveredBy returns how far partitions have been read, or nil without a state.
func (s *state) coveredBy() kafka.Covered {
	if s == nil {
		return nil
	}
	return s.covered
}

// covered tells how far a partition has been read. It implements kafka.Covered.
func (s *state) covered(topic string, partition int32) (offset int64, id string, ok bool) {
	t, ok := s.Topics[topic]
	if ok && int(partition) < len(t.Offsets) {
		offset = t.Offsets[partition] // else the partition is new, and read from its beginning
	}
	return offset, t.ID, ok
}

// cover notes that ranges have been read.
func (s *state) cover(ranges []kafka.Range) {
	for _, r := range ranges {
		t := s.Topics[r.Topic]
		t.ID = r.TopicID
		for int(r.Partition) >= len(t.Offsets) {
			t.Offsets = append(t.Offsets, 0)
		}
		t.Offsets[r.Partition] = r.Until
		s.Topics[r.Topic] = t
	}
}

// reduceWithState adds what was read to the result of the state, in one pass over
// both, and writes the new state and the result.
func (j *job) reduceWithState(ctx context.Context) error {
	reader, writer := io.Pipe()
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		_, err := io.WriteString(writer, result.Header)
		if err == nil {
			_, err = j.sorter.Reduce(ctx, func() sorter.Renderer { return new(result.Rows) }, writer)
		}
		writer.CloseWithError(err)
		return err
	})
	g.Go(func() error {
		err := j.addToState(ctx, reader)
		reader.CloseWithError(err)
		return err
	})
	return g.Wait()
}

// addToState writes the new state and the result: the old ones, and rows of what
// was read.
func (j *job) addToState(ctx context.Context, rows io.Reader) error {
	s := j.state
	readers := []*result.Reader{result.NewReader(ctx, "this run", io.NopCloser(rows), make([]byte, stateBuffer))}
	sum := crc32.New(stateTable)
	if s.old != nil {
		old := io.TeeReader(io.NewSectionReader(s.old, 0, s.size), sum)
		readers = append(readers, result.NewReader(ctx, s.path, io.NopCloser(old), make([]byte, stateBuffer)))
	}
	newSum := crc32.New(stateTable)
	newState := &result.Writer{Out: io.MultiWriter(s.file, newSum), Append: new(result.Rows).Append}
	newResult := &result.Writer{Out: j.result, Append: j.newRows().Append}
	if err := result.Sum(readers, newState, newResult); err != nil {
		return err
	}
	if s.old != nil && sum.Sum32() != s.Sum {
		return fmt.Errorf("Options.State: %s is damaged: its checksum is wrong: restore it from a backup, or start a new one", s.path)
	}
	j.rows = newResult.Rows()
	return s.end(newSum, j.inputs.topics.Ranges())
}

// end writes the last line of the new state, and puts it on disk.
func (s *state) end(sum hash.Hash32, ranges []kafka.Range) error {
	s.cover(ranges)
	s.Sum = sum.Sum32()
	line, err := json.Marshal(s.stateEnd)
	if err != nil {
		return err
	}
	if _, err := s.file.Write(append(line, '\n')); err != nil {
		return err
	}
	return s.file.Finish()
}
