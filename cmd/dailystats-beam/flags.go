package main

import (
	"flag"
	"fmt"
	"math"
	"strings"

	"dailystats/stats"
	"dailystats/stats/pipeline"

	"github.com/dustin/go-humanize"
)

// options is what the command line asks for.
type options struct {
	inputs     []string
	output     string
	single     bool
	shards     int
	rangeSize  size
	maxLine    size
	maxInvalid pipeline.Limit
	redact     bool
	decimals   decimals
	tempDir    string
	runner     string
	pool       string
}

// size is a number of bytes.
type size int64

// Set implements flag.Value.
func (s *size) Set(text string) error {
	n, err := humanize.ParseBytes(text)
	if err != nil || n == 0 || n > math.MaxInt32 {
		return fmt.Errorf("not a size such as 64MiB, below 2GiB")
	}
	*s = size(n)
	return nil
}

func (s *size) String() string { return strings.ReplaceAll(humanize.IBytes(uint64(*s)), " ", "") }

// decimals is a number of decimal places; -1 is as many as there are.
type decimals int

func (d decimals) of() stats.Decimals {
	if d < 0 {
		return stats.Decimals{}
	}
	return stats.FixedDecimals(int(d))
}

const (
	defaultRange = 64 << 20
	mostShards   = 1 << 16
	mostDecimals = 18
)

// defineFlags defines our flags beside those of Beam, which are in flag.CommandLine
// already.
func defineFlags(f *flag.FlagSet) *options {
	o := &options{rangeSize: defaultRange, maxLine: pipeline.DefaultMaxLine}
	f.StringVar(&o.output, "output", "", "`FOLDER` for what comes of it, which must be empty or not there yet; gs://BUCKET/FOLDER for Google Cloud Storage.")
	f.BoolVar(&o.single, "single", false, "Write one file, "+singleName+", as dailystats run does.")
	f.IntVar(&o.shards, "shards", 4, "`NUMBER` of files for each day.")
	f.Var(&o.rangeSize, "range-size", "`SIZE` of the ranges that files are read by, as units of work.")
	f.Var(&o.maxLine, "max-line", "`SIZE` of the longest line that can be an event.")
	f.Func("max-invalid", "Exit with 3, and write no result, when more than `N` events, or N% of all events, are invalid.",
		func(text string) error { return o.maxInvalid.UnmarshalText([]byte(text)) })
	f.BoolVar(&o.redact, "redact", false, "Keep values of invalid events out of the rejects.")
	f.IntVar((*int)(&o.decimals), "decimals", -1, "`NUMBER` of decimal places of revenue, 0 to 18; -1 for as many as there are.")
	f.StringVar(&o.tempDir, "temp-dir", "", "`FOLDER` for spill files, on the workers. (default $TMPDIR, else /var/tmp)")
	f.StringVar(&o.runner, "runner", prismRunner, "`ENGINE`: prism, which is in this program; flink, spark or portable, at --endpoint; dataflow.")
	f.StringVar(&o.pool, "worker-pool", "", "Do nothing but start workers for an engine that asks for them at `HOST:PORT`, until stopped. (--environment_type=EXTERNAL)")
	f.Usage = func() { usage(f) }
	return o
}

// beamFlags are those of Beam's flags that matter here.
var beamFlags = []string{"endpoint", "environment_type", "environment_config", "parallelism", "job_name", "worker_binary", "experiments",
	"project", "region", "staging_location", "temp_location", "num_workers", "max_num_workers", "worker_machine_type", "subnetwork", "service_account_email"}

func usage(f *flag.FlagSet) {
	w := f.Output()
	fmt.Fprint(w, `Usage: dailystats-beam --output FOLDER [FLAGS] INPUT...

Events per UTC day and user, purchases, and exact revenue, on an engine of Apache
Beam. INPUT is a file, a folder or a glob of JSON Lines that all workers can read,
here or at gs://BUCKET/...; one that is compressed is read by one worker.

`)
	isOfBeam := map[string]bool{}
	for _, name := range beamFlags {
		isOfBeam[name] = true
	}
	ours, beams := flag.NewFlagSet("", flag.ContinueOnError), flag.NewFlagSet("", flag.ContinueOnError)
	ours.SetOutput(w)
	beams.SetOutput(w)
	f.VisitAll(func(g *flag.Flag) {
		switch {
		case isOfBeam[g.Name]:
			beams.Var(g.Value, g.Name, g.Usage)
		case isOurs(g.Name):
			ours.Var(g.Value, g.Name, g.Usage)
		}
	})
	ours.PrintDefaults()
	fmt.Fprint(w, "\nOf Beam, for engines but prism; those with project and below are Dataflow's:\n\n")
	beams.PrintDefaults()
	fmt.Fprint(w, "\nExit codes: 0 done, 1 failed, 2 wrong usage, 3 more invalid events than --max-invalid, 130 interrupted, 143 terminated.\n")
}

func isOurs(name string) bool {
	switch name {
	case "output", "single", "shards", "range-size", "max-line", "max-invalid", "redact", "decimals", "temp-dir", "runner", "worker-pool":
		return true
	}
	return false
}

// check returns an error about what can't be.
func (o *options) check() error {
	switch {
	case o.output == "":
		return pipeline.UsageErrorf("--output is missing: name a folder for what comes of it")
	case len(o.inputs) == 0:
		return pipeline.UsageErrorf("there is no input: name files, folders or globs behind the flags")
	case o.shards < 1 || o.shards > mostShards:
		return pipeline.UsageErrorf("--shards %d is not a number from 1 to %d", o.shards, mostShards)
	case o.decimals < -1 || o.decimals > mostDecimals:
		return pipeline.UsageErrorf("--decimals %d is not a number from 0 to %d, or -1", o.decimals, mostDecimals)
	case o.single && isCloud(o.output):
		return pipeline.UsageErrorf("--single needs an --output that is a folder of all hosts: leave it out, and add up the files with dailystats merge")
	}
	return nil
}
