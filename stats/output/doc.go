// Package output has files that appear whole or not at all, and the rejects.
//
// In the order of the data:
//
//   - reject.go: [AppendReject] and [WriteReject], an invalid line as a line of JSON;
//   - file.go: [File], which appears whole or not at all;
//   - interruptible.go: [Interruptible], writing to what can keep a writer waiting;
//   - commit.go, exchange_linux.go, exchange_other.go: [Commit], several files at once;
//   - leftover.go, lock_unix.go, lock_other.go: temporary files, and those of processes that were killed;
//   - compress.go: what the endings .gz and .zst do to it;
//   - target.go: which file a path means, and whether it can be replaced;
//   - writeback_linux.go, writeback_other.go: writing to disk before it is waited for;
//   - folder_unix.go, folder_other.go: making a new name in a folder last.
package output
