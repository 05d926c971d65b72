package bench

import (
	"bufio"
	"os"
	"runtime"
	"strconv"
	"strings"
)

// Machine is what was measured on.
type Machine struct {
	Processor  string `json:"processor"` // model; empty where the system doesn't say
	Processors int    `json:"processors"`
	Memory     int64  `json:"memory"` // bytes; 0 where the system doesn't say
	System     string `json:"system"`
	Go         string `json:"go"`
}

func thisMachine() Machine {
	m := Machine{
		Processor:  valueIn("/proc/cpuinfo", "model name"),
		Processors: runtime.GOMAXPROCS(0),
		System:     runtime.GOOS + "/" + runtime.GOARCH,
		Go:         runtime.Version(),
	}
	if kib, found := strings.CutSuffix(valueIn("/proc/meminfo", "MemTotal"), " kB"); found {
		n, _ := strconv.ParseInt(kib, 10, 64)
		m.Memory = n << 10
	}
	if release, err := os.ReadFile("/proc/sys/kernel/osrelease"); err == nil {
		m.System += " " + strings.TrimSpace(string(release))
	}
	return m
}

// valueIn returns the value of the first line "key: value" of a file, or "".
func valueIn(path, key string) string {
	file, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		if name, value, _ := strings.Cut(lines.Text(), ":"); strings.TrimSpace(name) == key {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// String describes the machine on one line.
func (m Machine) String() string {
	parts := []string{strconv.Itoa(m.Processors) + " processors"}
	if m.Processor != "" {
		parts[0] = strconv.Itoa(m.Processors) + " × " + m.Processor
	}
	if m.Memory > 0 {
		parts = append(parts, formatSize(m.Memory)+" of memory")
	}
	return strings.Join(append(parts, m.System, m.Go), ", ")
}
