// Package pipeline is the whole job as a function: [Run] reads events, skips
// and reports the invalid ones, sorts and reduces the others, and writes the
// result.
//
// In the order of the data:
//
//   - options.go: [Options], what a run is asked to do; limit.go: how many
//     invalid events it puts up with;
//   - plan.go: [Plan], the sizes of everything, from the memory limit;
//   - run.go: [Run], the stages and what is done when they fail; errors.go: what errors say;
//   - files.go, topics.go: inputs, and the files that are written; apart.go: that
//     none is both;
//   - state.go: what is kept of runs before, so that each message counts once;
//   - worker.go: a block's lines to records; journal.go: its invalid events, in
//     input order;
//   - judge.go: whether its events pass; shards.go: a result that is divided;
//   - tally.go: what the rows of the result add up to, by day; samples.go: some
//     invalid events; course.go: how the run went;
//   - report.go: [Report], what was seen and what it took; figures.go, metrics.go and
//     page.go: the same for a person, for Prometheus, and as a page; report_sum.go:
//     [SumReports], what several runs saw.
//
// [Merge] adds up what runs have written:
//
//   - merge.go: [MergeOptions], [Merge] and [MergeReport];
//   - merge_plan.go: [MergePlan], the sizes, and how much is merged at a time;
//     open_files_unix.go, open_files_other.go: what the system allows;
//   - part.go: inputs, and what was merged to spill files before;
//   - rows.go: rows read and written; contest.go: which one is next.
package pipeline
