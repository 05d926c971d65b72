//go:build !linux

package bench

// Cgroup can't be had here.
type Cgroup struct{}

// NewCgroup returns an error.
func NewCgroup(int64) (*Cgroup, error) { return nil, errNoMemoryCgroup }

// Remove does nothing.
func (*Cgroup) Remove() {}
