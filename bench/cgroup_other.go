//go:build !linux

package bench

// Cgroup is not available on this system.
type Cgroup struct{}

// NewCgroup returns an error.
func NewCgroup(int64) (*Cgroup, error) { return nil, errNoMemoryCgroup }

// Remove does nothing.
func (*Cgroup) Remove() {}
