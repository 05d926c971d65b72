package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"dailystats/stats/pipeline"

	"github.com/apache/beam/sdks/v2/go/pkg/beam"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/core/runtime/graphx"
	jobpb "github.com/apache/beam/sdks/v2/go/pkg/beam/model/jobmanagement_v1"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/options/jobopts"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/runners/dataflow"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/runners/prism"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/runners/universal/extworker"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/runners/universal/runnerlib"
	"github.com/apache/beam/sdks/v2/go/pkg/beam/util/grpcx"
)

const (
	prismRunner    = "prism"
	dataflowRunner = "dataflow"
)

// submit runs a pipeline to its end on the engine that the flags name. When ctx is
// done, it has the engine cancel the job, but for Dataflow.
func (j *job) submit(ctx context.Context, p *beam.Pipeline) error {
	switch j.runner {
	case dataflowRunner:
		_, err := dataflow.Execute(ctx, p)
		return err
	case prismRunner:
		slog.SetDefault(slog.New(slog.DiscardHandler)) // what Prism says there it says again in the end
		client, err := prism.CreateJobServer(ctx, prism.Options{})
		if err != nil {
			return err
		}
		*jobopts.EnvironmentType = "loopback"
		return submitTo(ctx, client, p)
	case "flink", "spark", "portable":
		if *jobopts.Endpoint == "" {
			return pipeline.UsageErrorf("--endpoint is missing: HOST:PORT of the job server of %s", j.runner)
		}
		connection, err := grpcx.Dial(ctx, *jobopts.Endpoint, dialTimeout)
		if err != nil {
			return fmt.Errorf("--endpoint %s: no job server answers there within %v", *jobopts.Endpoint, dialTimeout)
		}
		defer connection.Close()
		return submitTo(ctx, jobpb.NewJobServiceClient(connection), p)
	default:
		return pipeline.UsageErrorf("--runner %s is not one of prism, flink, spark, portable, dataflow", j.runner)
	}
}

const (
	dialTimeout   = 10 * time.Second
	cancelTimeout = 30 * time.Second
)

// submitTo runs a pipeline by a job service. Unlike Beam's own way, it has this very
// program be the workers', where --worker_binary doesn't say otherwise, and can
// cancel the job.
func submitTo(ctx context.Context, service jobpb.JobServiceClient, p *beam.Pipeline) error {
	environment := jobopts.GetEnvironmentConfig
	if jobopts.IsLoopback() {
		// Its workers end with it, not with ctx: cancelling takes them.
		workers, err := extworker.StartLoopback(context.WithoutCancel(ctx), 0)
		if err != nil {
			return err
		}
		defer workers.Stop(context.WithoutCancel(ctx))
		environment = workers.EnvironmentConfig
	}
	id, err := start(ctx, service, p, environment)
	if err != nil {
		return err
	}
	ended := make(chan struct{})
	defer close(ended)
	go func() {
		select {
		case <-ended:
		case <-ctx.Done():
			stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), cancelTimeout)
			defer cancel()
			if _, err := service.Cancel(stopping, &jobpb.CancelJobRequest{JobId: id}); err != nil {
				fmt.Fprintf(os.Stderr, "dailystats-beam: the job %s could not be cancelled: %v\n", id, err)
			}
		}
	}()
	return await(ctx, service, id)
}

// start submits a pipeline, and returns the engine's name for the job.
func start(ctx context.Context, service jobpb.JobServiceClient, p *beam.Pipeline, environment func(context.Context) string) (id string, err error) {
	edges, _, err := p.Build()
	if err != nil {
		return "", err
	}
	env, err := graphx.CreateEnvironment(ctx, jobopts.GetEnvironmentUrn(ctx), environment)
	if err != nil {
		return "", err
	}
	graph, err := graphx.Marshal(edges, &graphx.Options{Environment: env, PipelineResourceHints: jobopts.GetPipelineResourceHints()})
	if err != nil {
		return "", err
	}
	binary, err := workerBinary()
	if err != nil {
		return "", err
	}
	if err := runnerlib.UpdateGoEnvironmentWorker(binary, graph); err != nil {
		return "", err
	}
	prepared, endpoint, session, err := runnerlib.Prepare(ctx, service, graph, &runnerlib.JobOptions{
		Name:        jobopts.GetJobName(),
		Experiments: jobopts.GetExperiments(),
		Parallelism: *jobopts.Parallelism,
		Loopback:    jobopts.IsLoopback(),
	})
	if err != nil {
		return "", err
	}
	token, err := runnerlib.Stage(ctx, prepared, endpoint, binary, session)
	if err != nil {
		return "", err
	}
	return runnerlib.Submit(ctx, service, prepared, token)
}

// workerBinary returns the path of the program that workers run.
func workerBinary() (string, error) {
	if jobopts.IsLoopback() {
		return os.DevNull, nil // they are here
	}
	if *jobopts.WorkerBinary != "" {
		return *jobopts.WorkerBinary, nil
	}
	return os.Executable()
}

// await waits for a job's end, and passes on what the engine says.
func await(ctx context.Context, service jobpb.JobServiceClient, id string) error {
	// Not ctx: a job that is being cancelled still has an end.
	waiting, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(cancelTimeout, cancel) })()
	stream, err := service.GetMessageStream(waiting, &jobpb.JobMessagesRequest{JobId: id})
	if err != nil {
		return fmt.Errorf("the engine has lost the job: %w", err)
	}
	var told error // by the engine
	for failed := false; !failed || told == nil; {
		m, err := stream.Recv()
		if errors.Is(err, io.EOF) && failed {
			return errors.New("the job failed, and the engine does not say why")
		}
		if err != nil {
			return fmt.Errorf("the engine has lost the job: %w", err)
		}
		if text := m.GetMessageResponse(); text.GetImportance() >= jobpb.JobMessage_JOB_MESSAGE_ERROR {
			told = errors.New(plainly(text.GetMessageText()))
		}
		switch m.GetStateResponse().GetState() {
		case jobpb.JobState_DONE:
			return nil
		case jobpb.JobState_CANCELLED:
			return errors.New("the job was cancelled")
		case jobpb.JobState_FAILED:
			failed = true
		}
	}
	return told
}

// mark is in front of errors of our own, so that they can be found in what engines
// make of them: the stacks of several programs.
const mark = "[dailystats] "

// marked marks an error.
func marked(err error) error {
	if err == nil {
		return nil
	}
	return errors.New(mark + strings.ReplaceAll(err.Error(), "\n", "; "))
}

// plainly returns the one line that matters of what an engine says.
func plainly(text string) string {
	if i := strings.LastIndex(text, mark); i >= 0 {
		line, _, _ := strings.Cut(text[i+len(mark):], "\n")
		return line
	}
	const longest = 1000
	line := strings.Join(strings.Fields(text), " ")
	return line[:min(len(line), longest)]
}
