package output

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
)

// neverWritten are the endings of formats and compressions that no file is written in.
var neverWritten = strings.Fields(`.parquet .pq .avro .orc .arrow .feather .xlsx .xls .ods .tsv .xml .yaml .yml .db .sqlite .duckdb
	.xz .bz2 .lz4 .lzma .7z .zip .tar .tgz .tbz2 .txz .rar .br .z .lz .lzo .sz .zstd .gzip`)

// noResult are the endings of files that are written, but hold no result.
var noResult = []string{".json", ".jsonl", ".ndjson", ".html", ".htm", ".prom"}

// CheckEnding returns an error if the name of a file promises what it would not hold.
func CheckEnding(path string) error {
	return checkEnding(path, neverWritten, "is not written")
}

// CheckResultEnding is CheckEnding for a result, which is CSV.
func CheckResultEnding(path string) error {
	return checkEnding(path, slices.Concat(neverWritten, noResult), "is not what it would hold, which is CSV")
}

func checkEnding(path string, wrong []string, why string) error {
	name := strings.ToLower(filepath.Base(path))
	ending := filepath.Ext(strings.TrimSuffix(strings.TrimSuffix(name, ".gz"), ".zst"))
	if slices.Contains(wrong, ending) {
		return fmt.Errorf("%s: %s %s: give another ending; .gz and .zst compress", path, ending, why)
	}
	return nil
}
