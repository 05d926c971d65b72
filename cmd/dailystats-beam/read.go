package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"dailystats/stats"
	"dailystats/stats/event"
	"dailystats/stats/input"
	"dailystats/stats/output"

	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"
	"golang.org/x/sync/errgroup"
)

func init() {
	register.DoFn4x1[context.Context, byteRange, func(int64, []byte), func(rangeCounts), error](&readFn{})
	register.Emitter2[int64, []byte]()
	register.Emitter1[rangeCounts]()
}

// rangeCounts is what there was in a range. It is an element, not some counters of
// the engine's: those count twice what was done twice.
type rangeCounts struct {
	File, From    int64 // the range
	Lines, Blank  int64
	Invalid       int64
	Bytes         int64   // that were read
	InvalidByRule []int64 // by event.Rule
	Totals        []byte  // of all events, as AppendBinary has them
	Rejects       string  // path of a file with the invalid events; empty where there are none
}

// readFn turns ranges into pages, each of a shard, and counts.
type readFn struct {
	Temp    string // folder
	Shards  int    // of a day
	MaxLine int    // bytes
	Redact  bool   // no value of an invalid event is told

	totals *totals
	events event.Reader
}

func (f *readFn) StartBundle(context.Context, func(int64, []byte), func(rangeCounts)) {
	f.totals = newTotals(f.Shards)
}

func (f *readFn) ProcessElement(ctx context.Context, in byteRange, pages func(int64, []byte), counts func(rangeCounts)) error {
	r := rangeReader{readFn: f, in: in, pages: pages}
	r.counts = rangeCounts{File: in.File.Number, From: in.From, InvalidByRule: make([]int64, event.RuleCount)}
	err := r.read(ctx)
	if r.rejects != nil {
		err = errors.Join(err, r.rejects.Flush(), r.rejectsFile.Close())
	}
	if err != nil {
		return marked(fmt.Errorf("%s, from byte %d to %d: %w", in.File.Name, in.From, in.Until, err))
	}
	r.counts.Totals = r.sum.AppendBinary(nil)
	counts(r.counts)
	return nil
}

func (f *readFn) FinishBundle(_ context.Context, pages func(int64, []byte), _ func(rangeCounts)) {
	f.totals.flush(pages)
	f.totals = nil
}

// rangeReader reads one range.
type rangeReader struct {
	*readFn
	in     byteRange
	pages  func(int64, []byte)
	counts rangeCounts
	sum    stats.Totals

	rejects     *bufio.Writer // nil where there are none
	rejectsFile io.Closer
}

const (
	blockSize = 256 << 10
	blocks    = 3
	// maxWindow is how far a compressed file may look back, in bytes: as far as
	// decompressors go by themselves.
	maxWindow = 128 << 20
)

// read reads all lines of the range.
func (r *rangeReader) read(ctx context.Context) error {
	f := file{r.in.File.Name, r.in.File.Path, r.in.File.Size}
	source, ok, err := input.RemoteFile(f.Name, f.Size, func() (io.ReadSeekCloser, error) {
		return storeOf(f.Path).open(ctx, f)
	}).Part(r.in.From, r.in.Until)
	if !ok || err != nil {
		return err
	}
	reader := input.NewReader([]input.Source{source}, input.Config{
		BlockSize: blockSize, Blocks: blocks, MaxLine: r.MaxLine, MaxWindow: maxWindow,
	})
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return reader.Run(ctx) })
	group.Go(func() error {
		for {
			b, err := reader.Next(ctx)
			if b == nil || err != nil {
				return err
			}
			err = r.block(ctx, b)
			reader.Release(b)
			if err != nil {
				return err
			}
		}
	})
	err = group.Wait()
	r.counts.Bytes = reader.BytesRead()
	return err
}

// block reads a block's lines.
func (r *rangeReader) block(ctx context.Context, b *input.Block) error {
	if b.TooLong {
		r.counts.Lines++
		return r.reject(ctx, b, 0, b.Data, event.TooLong(r.MaxLine))
	}
	rest := b.Data
	for n := uint64(0); len(rest) > 0; n++ {
		r.counts.Lines++
		record, size, ok := r.events.Read(rest)
		if !ok {
			var err error
			if record, size, ok, err = r.plainLine(ctx, b, n, rest); err != nil {
				return err
			}
		}
		rest = rest[size:]
		if ok {
			r.sum = r.sum.Add(record.Totals())
			r.totals.add(record, r.pages)
		}
	}
	return nil
}

// plainLine reads line n of a block, from 0, which is the one at the start of text.
// If ok is false, it is no event.
func (r *rangeReader) plainLine(ctx context.Context, b *input.Block, n uint64, text []byte) (record stats.Record, size int, ok bool, err error) {
	line, size := text, len(text)
	if i := bytes.IndexByte(text, '\n'); i >= 0 {
		line, size = text[:i], i+1
	}
	if event.IsBlank(line) {
		r.counts.Blank++
		return record, size, false, nil
	}
	record, fault := event.Plain(line)
	if fault != nil {
		return record, size, false, r.reject(ctx, b, n, bytes.TrimSuffix(line, []byte{'\r'}), fault)
	}
	return record, size, true, nil
}

// reject counts an invalid event, and writes it to the range's file.
func (r *rangeReader) reject(ctx context.Context, b *input.Block, n uint64, line []byte, fault *event.Fault) error {
	r.counts.Invalid++
	for rule := range fault.Rules.All() {
		r.counts.InvalidByRule[rule]++
	}
	if r.Redact {
		line = nil
	}
	if r.rejects == nil {
		r.counts.Rejects = join(r.Temp, fmt.Sprintf("rejects-%d-%d-%s.jsonl", r.in.File.Number, r.in.From, unique()))
		f, err := storeOf(r.Temp).create(ctx, r.counts.Rejects)
		if err != nil {
			return err
		}
		r.rejects, r.rejectsFile = bufio.NewWriter(f), f
	}
	unit := "line" // of a file that is compressed, and read whole
	if b.Offsets {
		unit = "offset"
	}
	return output.WriteReject(r.rejects, b.Input, unit, b.Line(n), fault.Rules.Codes(), line)
}
