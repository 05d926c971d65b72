//go:build !unix

package output

import "os"

// syncFolder does nothing: folders can't be synced here.
func syncFolder(*os.Root) error { return nil }
