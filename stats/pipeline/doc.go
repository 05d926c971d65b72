// Package pipeline is the whole job as a function: [Run] reads events, skips
// and reports the invalid ones, sorts and reduces the others, and writes the
// result.
//
// In the order of the data:
//
//   - options.go: [Options], what a run is asked to do, and what of that cannot be;
//     limit.go: how many invalid events are accepted;
//   - run.go: [Run], the stages and what is done when they fail; errors.go: what errors say;
//   - inputs.go, outputs.go: what a run and a merge read and write; apart.go: that no file
//     is both;
//   - plan.go, plan_lines.go: [Plan], the sizes of everything, from the memory limit;
//   - state.go: what is kept of earlier runs, so that each message counts once;
//   - worker.go: a block's lines to records; journal.go: its invalid events, in
//     input order; samples.go: some of them;
//   - hints.go: what is wrong with a whole input;
//   - judge.go: whether the events pass;
//   - rows.go: rows are rendered and added up; shards.go: a divided result;
//   - reports.go: what is written of the run; [SumReports], reports added up; course.go: how
//     the run went.
//
// [Merge] adds up results:
//
//   - merge.go: [MergeOptions], [Merge];
//   - merge_plan.go: [MergePlan], the sizes, and how much is merged at a time;
//     open_files_unix.go, open_files_other.go: what the system allows;
//   - part.go: inputs, and what was merged to spill files before.
package pipeline
