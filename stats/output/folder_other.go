//go:build !unix

package output

// syncFolder does nothing: folders can't be synced here.
func syncFolder(string) error { return nil }
