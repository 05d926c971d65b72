package input

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/dustin/go-humanize"
)

// ReadSmall reads all of a file that has to fit in memory, such as one of settings,
// and that may be a pipe. One of more than most bytes is an error. All errors are of
// type *fs.PathError.
func ReadSmall(path string, most int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(text)) > most {
		limit := strings.ReplaceAll(humanize.IBytes(uint64(most)), ".0", "")
		err = &fs.PathError{Op: "read", Path: path, Err: fmt.Errorf("it is larger than %s, so it can't be the file that is meant: give another", limit)}
	}
	return text, err
}
