package bench

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"

	"dailystats/bench/workload"
	"dailystats/stats/pipeline"
	"dailystats/testdata/sampling"

	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
	"github.com/ulikunitz/xz"
)

// TestDeterminism proves, on random workloads, that neither the number of workers,
// nor the memory limit, nor how the lines are split, compressed and shuffled
// changes a byte of the result; and, lines not being shuffled, none of the rejects
// but line numbers.
func TestDeterminism(t *testing.T) {
	workloads := sampling.Count(3, 200)
	seed := sampling.Seed(t)
	var workers sync.WaitGroup
	free := make(chan struct{}, runtime.GOMAXPROCS(0))
	for i := range workloads {
		free <- struct{}{}
		workers.Go(func() {
			defer func() { <-free }()
			checkDeterminism(t, rand.New(rand.NewPCG(seed, uint64(i))), fmt.Sprintf("seed %d, workload %d", seed, i))
		})
	}
	workers.Wait()
}

func checkDeterminism(t *testing.T, random *rand.Rand, name string) {
	config := randomConfig(random)
	name = fmt.Sprintf("%s: %+v", name, config)
	w, err := workload.New(config)
	if err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	var text bytes.Buffer
	if err := w.Write(t.Context(), &text, 1); err != nil {
		t.Errorf("%s: %v", name, err)
		return
	}
	lines := slices.Collect(bytes.Lines(text.Bytes()))
	want := runVariant(t, name, variant{lines: lines, files: 1, parallel: 1, memory: 64 << 20}, random)
	for i := range 4 {
		v := variant{lines: lines, files: 1 + random.IntN(5), parallel: 1 + random.IntN(8), compressed: true}
		v.memory = int64(24+8*v.parallel+random.IntN(64)) << 20
		if v.shuffled = i == 3; v.shuffled {
			v.lines = slices.Clone(lines)
			random.Shuffle(len(lines), func(i, j int) { v.lines[i], v.lines[j] = v.lines[j], v.lines[i] })
		}
		got := runVariant(t, name, v, random)
		if !bytes.Equal(got.csv, want.csv) {
			t.Errorf("%s: the result differs with %v", name, v)
		}
		if !v.shuffled && !slices.Equal(got.rejects, want.rejects) {
			t.Errorf("%s: the rejects differ with %v", name, v)
		}
	}
}

// randomConfig makes up a workload: one in ten is so large that it is spilled.
func randomConfig(random *rand.Rand) workload.Config {
	events := 1 + random.Uint64N(20_000)
	if random.IntN(10) == 0 {
		events = 200_000 + random.Uint64N(300_000)
	}
	pick := func(texts ...string) string { return texts[random.IntN(len(texts))] }
	c := workload.Config{
		Events:  events,
		Users:   []uint64{1, 10, 1000, events}[random.IntN(4)],
		Days:    []uint64{1, 30, 4000}[random.IntN(3)],
		Skew:    workload.Skew(pick("uniform", "zipf")),
		Order:   workload.Order(pick("random", "time")),
		Shape:   workload.Shape(pick("spaced", "compact", "shuffled")),
		Invalid: []workload.Rate{0, 1e6, 1e8}[random.IntN(3)],
		Seed:    random.Uint64(),
	}
	if random.IntN(4) == 0 {
		c.Extra = workload.MinExtra + random.IntN(200)
	}
	return c
}

// variant is a way to have the same events counted.
type variant struct {
	lines                [][]byte
	files, parallel      int
	memory               int64
	compressed, shuffled bool
}

func (v variant) String() string {
	return fmt.Sprintf("%d files, %d workers, %d bytes, shuffled %t", v.files, v.parallel, v.memory, v.shuffled)
}

// outcome is what a run wrote.
type outcome struct {
	csv     []byte
	rejects []string // without input and line number
}

// runVariant runs the job on a variant.
func runVariant(t *testing.T, name string, v variant, random *rand.Rand) (got outcome) {
	dir, err := os.MkdirTemp("", "dailystats-determinism-*")
	if err != nil {
		t.Error(err)
		return
	}
	defer os.RemoveAll(dir)
	o := pipeline.Options{
		Inputs: []string{filepath.Join(dir, "in")}, Output: filepath.Join(dir, "result"), Rejects: filepath.Join(dir, "rejects"),
		TempDir: dir, Parallel: v.parallel, Memory: v.memory,
	}
	if err := v.store(o.Inputs[0], random); err != nil {
		t.Error(err)
		return
	}
	if _, err := pipeline.Run(t.Context(), o); err != nil {
		t.Errorf("%s: with %v: %v", name, v, err)
		return
	}
	if got.csv, err = os.ReadFile(o.Output); err != nil {
		t.Error(err)
	}
	rejects, err := os.ReadFile(o.Rejects)
	if err != nil {
		t.Error(err)
	}
	for line := range bytes.Lines(rejects) {
		_, rest, _ := bytes.Cut(line, []byte(`,"errors":`))
		got.rejects = append(got.rejects, string(rest))
	}
	return got
}

// store writes the lines to files in a new folder, in order, each compressed in
// some way if any is, and some in several members.
func (v variant) store(dir string, random *rand.Rand) error {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	for i := range v.files {
		lines := v.lines[i*len(v.lines)/v.files : (i+1)*len(v.lines)/v.files]
		compress := plain
		if v.compressed {
			compress = compressors[random.IntN(len(compressors))]
		}
		cut := random.IntN(len(lines) + 1)
		var data bytes.Buffer
		for _, member := range [][][]byte{lines[:cut], lines[cut:]} {
			w, err := compress(&data)
			if err != nil {
				return err
			}
			_, err = w.Write(bytes.Join(member, nil))
			if err := errors.Join(err, w.Close()); err != nil {
				return err
			}
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%03d", i)), data.Bytes(), 0o600); err != nil {
			return err
		}
	}
	return nil
}

var compressors = []func(io.Writer) (io.WriteCloser, error){
	plain,
	func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriterLevel(w, gzip.BestSpeed) },
	func(w io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(w, zstd.WithEncoderConcurrency(1)) },
	func(w io.Writer) (io.WriteCloser, error) { return lz4.NewWriter(w), nil },
	func(w io.Writer) (io.WriteCloser, error) { return xz.WriterConfig{DictCap: 1 << 20}.NewWriter(w) },
}

func plain(w io.Writer) (io.WriteCloser, error) { return nopCloser{w}, nil }

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }
