package pipeline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"syscall"

	"dailystats/stats/input"
	"dailystats/stats/input/kafka"
	"dailystats/stats/output"
)

// inputs are what a run or a merge reads.
type inputs struct {
	args     []string
	stdin    io.Reader
	piece    input.Piece // what stdin is a piece of
	warn     func(message string)
	requests map[string]kafka.Request // of the arguments that are Kafka topics

	topics  *kafka.Inputs  // nil if there are none
	sources *input.Sources // nil until they are found
	leftOut map[input.LeftOut]int
}

// newInputs returns inputs that are yet to be found.
func newInputs(args []string, stdin io.Reader, warn func(string)) (inputs, error) {
	in := inputs{args: args, stdin: stdin, warn: warn, requests: map[string]kafka.Request{}}
	for _, arg := range args {
		if !kafka.IsURL(arg) {
			continue
		}
		request, err := kafka.Parse(arg)
		if err != nil {
			return in, UsageErrorf("%w", err)
		}
		in.requests[arg] = request
	}
	return in, nil
}

func (in *inputs) hasTopics() bool { return len(in.requests) > 0 }

// firstFile returns the first argument that is not a topic.
func (in *inputs) firstFile() (arg string, ok bool) {
	for _, arg := range in.args {
		if _, isTopic := in.requests[arg]; !isTopic {
			return arg, true
		}
	}
	return "", false
}

// hasGroup reports whether a topic is read as a consumer group does.
func (in *inputs) hasGroup() bool {
	for _, request := range in.requests {
		if request.Group != "" {
			return true
		}
	}
	return false
}

// openTopics prepares for the topics, if there are any. Brokers are asked later.
func (in *inputs) openTopics(settings kafka.Settings, fetchSize int) {
	if in.hasTopics() {
		settings.Tell, settings.FetchSize = in.warn, fetchSize
		in.topics = kafka.NewInputs(settings)
	}
}

// find finds all sources, with the memory limit of the process. covered says how far topics
// have been read before; it may be nil.
func (in *inputs) find(ctx context.Context, memory, program int64, covered kafka.Covered) (*input.Found, error) {
	found, err := input.Expand(ctx, in.args, input.Expansion{
		Other: func(arg string) ([]input.Source, error) {
			request, ok := in.requests[arg]
			if !ok {
				return nil, nil
			}
			return in.topics.Add(ctx, request, covered)
		},
		Warn:        in.warn,
		IsTemporary: output.IsTemporary,
		Piece:       in.piece,
		Memory:      memoryToFind(memory, program),
	})
	var tooMany *input.TooManyError
	switch {
	case errors.As(err, &tooMany):
		return nil, UsageErrorf("Options.Memory %s is too small for %d inputs: give Options.Memory %dMiB or more",
			size(memory), tooMany.Count, enoughToFind(tooMany.Memory, program)/mib)
	case errors.Is(err, input.ErrNotFound) || errors.Is(err, kafka.ErrUsage):
		return nil, UsageErrorf("%w", err)
	case err != nil:
		return nil, err
	}
	in.sources, in.leftOut = found.Sources, found.LeftOut
	return found, nil
}

// files returns the files that are read beside the sources.
func (in *inputs) files(kafkaConfig string) (files []File, err error) {
	const role = "the Kafka config file"
	if slices.Contains(in.args, "-") {
		files = append(files, File{"-", "standard input"})
	}
	if in.topics == nil {
		return append(files, File{kafkaConfig, role}), nil
	}
	settings, err := in.topics.Files()
	if err != nil {
		return nil, UsageErrorf("%w", err)
	}
	for _, f := range settings {
		if f.Setting == "" {
			files = append(files, File{f.Path, role})
		} else {
			files = append(files, File{f.Path, "the file of " + f.Setting})
		}
	}
	return files, nil
}

// leastWindow returns the window that decompressors must be offered at least. It may have to
// wait for the first bytes of standard input.
func (in *inputs) leastWindow(ctx context.Context) (window int64, err error) {
	if _, ok := in.firstFile(); !ok && in.hasTopics() {
		return minBatchWindow, nil
	}
	for s := range in.sources.All() {
		if ctx.Err() != nil {
			return 0, context.Cause(ctx)
		}
		need, err := in.need(ctx, s)
		if err != nil || need.Window > 0 {
			return minWindow, err
		}
	}
	return 0, nil
}

// need returns what it takes to read a source. It may have to wait for the first bytes of
// standard input.
func (in *inputs) need(ctx context.Context, s input.Source) (n input.Need, err error) {
	n, in.stdin, err = s.Need(ctx, in.stdin)
	return n, stdinError(err)
}

// stdinError adds the way out to an error of reading standard input, if there is one.
func stdinError(err error) error {
	if errors.Is(err, syscall.EBADF) {
		return fmt.Errorf("%w: it is closed, or only for writing: redirect it from a file, or from %s", err, os.DevNull)
	}
	return err
}

// close ends connections to brokers.
func (in *inputs) close() {
	if in.topics != nil {
		in.topics.Close()
	}
}
