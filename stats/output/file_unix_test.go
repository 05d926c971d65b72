//go:build unix

package output

import (
	"bufio"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// A new file's permissions are what the umask leaves; a replaced one hands on
// its own, even those that the umask would take, and needs no permission to be
// written to.
func TestPermissions(t *testing.T) {
	old := syscall.Umask(0o027)
	defer syscall.Umask(old)
	tests := []struct {
		name        string
		there, want fs.FileMode
	}{
		{"new", 0, 0o640},
		{"private", 0o600, 0o600},
		{"public", 0o666, 0o666},
		{"read-only", 0o444, 0o444},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "day.csv")
			if test.there != 0 {
				put(t, path, "old")
				must(t, os.Chmod(path, test.there))
			}
			f := create(t, path)
			write(t, f, "new")
			commit(t, f)
			info, err := os.Stat(path)
			must(t, err)
			if info.Mode() != test.want {
				t.Errorf("mode %v, want %v", info.Mode(), test.want)
			}
		})
	}
}

// A pipe is written to, not replaced.
func TestPipe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	must(t, syscall.Mkfifo(path, 0o600))
	line := make(chan string, 1)
	go func() {
		defer close(line)
		r, err := os.Open(path)
		if err != nil {
			return
		}
		defer r.Close()
		text, _ := bufio.NewReader(r).ReadString('\n')
		line <- text
	}()
	f := create(t, path)
	write(t, f, Header)
	commit(t, f)
	if got := <-line; got != Header {
		t.Errorf("the pipe gave %q", got)
	}
	info, err := os.Lstat(path)
	must(t, err)
	if info.Mode().Type() != fs.ModeNamedPipe {
		t.Errorf("the pipe became %v", info.Mode())
	}
	wantNames(t, filepath.Dir(path), "pipe")
}

func TestDevice(t *testing.T) {
	f := create(t, os.DevNull)
	write(t, f, Header)
	commit(t, f)
	info, err := os.Lstat(os.DevNull)
	must(t, err)
	if info.Mode().Type()&fs.ModeDevice == 0 {
		t.Errorf("%s became %v", os.DevNull, info.Mode())
	}
}

// A descriptor stands for the open file, whose end is written to: the file keeps
// its name, its place on the disk and what it held.
func TestDescriptor(t *testing.T) {
	folder := t.TempDir()
	file, err := os.OpenFile(filepath.Join(folder, "log"), os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	must(t, err)
	defer file.Close()
	_, err = file.WriteString("before\n")
	must(t, err)
	link := filepath.Join(folder, "link")
	must(t, os.Symlink("/dev/fd/"+strconv.Itoa(int(file.Fd())), link))
	f := create(t, link)
	write(t, f, "after\n")
	commit(t, f)
	wantContent(t, file.Name(), "before\nafter\n")
	wantNames(t, folder, "link", "log")
}

// A reader that goes away is an error, not the end of the process.
func TestBrokenPipe(t *testing.T) {
	r, w, err := os.Pipe()
	must(t, err)
	defer w.Close()
	r.Close()
	f := Stream(w)
	write(t, f, Header)
	if err := f.Commit(); !errors.Is(err, syscall.EPIPE) {
		t.Errorf("Commit: %v", err)
	}
}

// Where the disk is full, Commit says so and how to go on.
func TestFullDisk(t *testing.T) {
	const full = "/dev/full" // Linux has it
	if _, err := os.Stat(full); err != nil {
		t.Skip("there is no device that is always full: ", err)
	}
	f := create(t, full)
	write(t, f, Header)
	err := f.Commit()
	if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "cannot write /dev/full: ") ||
		!strings.HasSuffix(err.Error(), "free some space, or choose another folder") {
		t.Errorf("Commit: %v", err)
	}
}

// A folder that may not be written to is named, with the way out. Root may
// write to any, so as root this is seen on a file system that allows nobody.
func TestForbiddenFolder(t *testing.T) {
	folder := t.TempDir()
	must(t, os.Chmod(folder, 0o555))
	if os.Getuid() == 0 {
		folder = "/proc"
	}
	_, err := Create(filepath.Join(folder, "day.csv"))
	if err == nil || !strings.Contains(err.Error(), "in folder "+folder+": ") {
		t.Errorf("Create: %v", err)
	}
}
