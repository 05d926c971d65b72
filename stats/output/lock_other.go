//go:build !unix

package output

import (
	"errors"
	"os"
)

// lockFile can't be done here without keeping others from renaming the file.
func lockFile(string) (*os.File, error) { return nil, errors.ErrUnsupported }
