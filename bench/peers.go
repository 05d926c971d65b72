package bench

import (
	"cmp"
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"dailystats/stats/pipeline"
)

// peerTool is a tool that can do the job too, or nearly. Its program in the
// folder peers is called as
//
//	PROGRAM --version                                what is it, or why can't it run here?
//	PROGRAM OUTPUT THREADS MEMORY TEMPDIR INPUT...   do the job; MEMORY in bytes, 0 for no limit
//
// and finds in the environment how events are written (schema.go), if not as by default.
type peerTool struct {
	name   string
	limits bool   // it can be told a limit of memory
	single bool   // it has one thread, however many it may have
	forms  bool   // it can be told how events are written
	rules  string // which of the rules it can't express
	memory string // what its limit means
}

//go:embed peers/clickhouse peers/datafusion peers/duckdb peers/jq peers/miller peers/polars peers/python
var peerPrograms embed.FS

// AllPeers stands for every peer there is.
const AllPeers = "all"

var peerTools = []peerTool{
	{
		name: "duckdb", limits: true, forms: true,
		rules:  "skips malformed lines; takes user_id and amount from strings and fractions, and timestamps with other zones or none",
		memory: "its limit is for its buffers",
	},
	{
		name: "clickhouse", limits: true,
		rules:  "skips malformed lines; takes numbers from strings, user_ids too large wrap around, other zones count as their time in UTC",
		memory: "its limit is for the query",
	},
	{
		name: "polars", limits: true,
		rules:  "stops at the first malformed line; looks at the date of a timestamp alone",
		memory: "its limit is where it begins to spill",
	},
	{
		name: "datafusion", limits: true,
		rules:  "stops at the first malformed line or wrong type; looks at the date of a timestamp alone",
		memory: "its limit is for its operators",
	},
	{
		name:   "miller",
		rules:  "stops at the first malformed line; sums are floating point; dates are not checked",
		memory: "it knows no limit",
	},
	{
		name: "jq", limits: true, forms: true,
		rules:  "jq, sort and awk in a pipe; sums are floating point; user_ids beyond 2^53 are rounded; dates are not checked",
		memory: "its limit is for sort; its memory is that of the largest of them",
	},
	{
		name: "python", single: true, forms: true,
		rules:  "a dict of decimals; dates as datetime reads them",
		memory: "it knows no limit",
	},
}

// foundPeer is a peer that was looked for.
type foundPeer struct {
	peerTool
	program string
	version string
	missing string // why it can't run here; empty if it can
}

// findPeers looks for the peers that are wanted.
func (b *bench) findPeers(ctx context.Context) error {
	wanted, err := b.wantedPeers()
	if err != nil {
		return err
	}
	for _, p := range wanted {
		found := foundPeer{peerTool: p, program: filepath.Join(b.dir, p.name)}
		if b.events != "" && !p.forms {
			found.missing = "not told here how these events are written"
		} else if found.version, err = b.install(ctx, found); err != nil {
			found.missing = "not found: " + err.Error()
		} else {
			b.note(fmt.Sprintf("%s: %s; %s.", p.name, p.rules, p.memory))
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		b.peers = append(b.peers, found)
	}
	return nil
}

func (b *bench) wantedPeers() ([]peerTool, error) {
	if slices.Contains(b.Peers, AllPeers) {
		return b.tools, nil
	}
	var wanted []peerTool
	for _, name := range b.Peers {
		i := slices.IndexFunc(b.tools, func(p peerTool) bool { return p.name == name })
		if i < 0 {
			return nil, pipeline.UsageErrorf("there is no peer %q: choose from %s and %s", name, b.peerNames(), AllPeers)
		}
		wanted = append(wanted, b.tools[i])
	}
	return wanted, nil
}

func (b *bench) peerNames() string {
	names := make([]string, len(b.tools))
	for i, p := range b.tools {
		names[i] = p.name
	}
	return strings.Join(names, ", ")
}

// install writes a peer's program out and asks for its version.
func (b *bench) install(ctx context.Context, p foundPeer) (version string, err error) {
	text, err := fs.ReadFile(b.programs, "peers/"+p.name)
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(p.program, text, 0o700); err != nil {
		return "", err
	}
	const patience = time.Minute
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, p.program, "--version")
	cmd.Env = b.peerEnvironment()
	out, err := cmd.Output()
	if failed := new(exec.ExitError); errors.As(err, &failed) {
		return "", errors.New(cmp.Or(lastLine(failed.Stderr), err.Error()))
	}
	return lastLine(out), err
}

// peerEnvironment has the peers' folder first on the PATH.
func (b *bench) peerEnvironment() []string {
	env := append(os.Environ(), "TMPDIR="+b.dir)
	if b.events != "" {
		env = append(env, eventsVariable+"="+b.events)
	}
	if b.PeerDir == "" {
		return env
	}
	folders := []string{filepath.Join(b.PeerDir, "bin"), b.PeerDir}
	if path := os.Getenv("PATH"); path != "" {
		folders = append(folders, path)
	}
	return append(env, "PATH="+strings.Join(folders, string(filepath.ListSeparator)))
}

// peerRows are a peer with no limit, and with ours if it can be told or held to
// one.
func (b *bench) peerRows(p foundPeer, files []string) []contender {
	all := []contender{b.peerRow(p, files, 0)}
	if (p.limits || b.Limit) && p.missing == "" {
		all = append(all, b.peerRow(p, files, cmp.Or(b.Memory[0], pipeline.DefaultMemory)))
	}
	return all
}

func (b *bench) peerRow(p foundPeer, files []string, memory int64) contender {
	row := Row{
		Tool: p.name, Version: p.version, kind: peer, Failed: p.missing,
		Memory: memory, Held: b.Limit && memory > 0, Parallel: runtime.GOMAXPROCS(0),
	}
	if p.single {
		row.Parallel = 1
	}
	return contender{row: row, process: func(output string) process {
		args := []string{p.program, output, strconv.Itoa(row.Parallel), strconv.FormatInt(memory, 10), b.dir}
		run := process{args: append(args, files...), env: b.peerEnvironment()}
		if row.Held {
			run.memory = memory
		}
		return run
	}}
}
