//go:build !unix

package output

import (
	"errors"
	"os"
)

// duplicate fails: here, no path names a stream.
func duplicate(int, string) (*os.File, error) { return nil, errors.ErrUnsupported }
