//go:build !linux

package bench

// cgroup can't be had here.
type cgroup struct{}

func newCgroup(int64) (*cgroup, error) { return nil, errNoMemoryCgroup }

func (*cgroup) remove() {}
