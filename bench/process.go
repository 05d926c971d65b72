package bench

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"unicode"
)

// process is a program to be run and measured.
type process struct {
	args   []string // the program, by path or to be found on the PATH of env
	env    []string
	memory int64 // bytes that it is held to, where there is a cgroup to do it; 0 for none
}

var errNoMemoryCgroup = errors.New("this system has no cgroups for memory")

// failure says how a process ended that did not end well.
type failure struct {
	code    int            // that it exited with, if it did
	signal  syscall.Signal // that ended it, if one did
	message string         // the last line of its standard error
	overrun bool           // it was ended because it took more memory than allowed
	memory  int64          // that was allowed
}

func (f *failure) Error() string {
	switch {
	case f.overrun:
		return fmt.Sprintf("killed at its limit of %s", formatSize(f.memory))
	case f.signal != 0:
		return strings.TrimSuffix(fmt.Sprintf("ended by signal %q: %s", f.signal, f.message), ": ")
	case f.message == "":
		return fmt.Sprintf("exit code %d", f.code)
	default:
		return f.message
	}
}

// mostMessage is how much of a process's last words is kept, in bytes.
const mostMessage = 500

// lastWords returns the last line of a file that has something on it.
func lastWords(file *os.File) string {
	const most = 4 << 10
	size, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return ""
	}
	tail := make([]byte, min(size, most))
	if _, err := file.ReadAt(tail, size-int64(len(tail))); err != nil {
		return ""
	}
	return lastLine(tail)
}

// lastLine returns the last line of text that has something on it, so that it
// can be printed.
func lastLine(text []byte) string {
	text = bytes.TrimSpace(text)
	line := string(text[bytes.LastIndexAny(text, "\n\r")+1:])
	printable := func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}
	line = strings.TrimSpace(strings.Map(printable, line))
	if len(line) > mostMessage {
		line = strings.ToValidUTF8(line[:mostMessage], "") + "…"
	}
	return line
}
