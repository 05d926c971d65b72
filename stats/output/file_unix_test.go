//go:build unix

package output

import (
	"bufio"
	"errors"
	"golang.org/x/sys/unix"
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
	write(t, f, header)
	commit(t, f)
	if got := <-line; got != header {
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
	write(t, f, header)
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
	_, err = unix.FcntlInt(file.Fd(), unix.F_SETFD, 0) // as a stream that was inherited
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
	f := Stream(t.Context(), w)
	write(t, f, header)
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
	write(t, f, header)
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
	_, err := Create(t.Context(), filepath.Join(folder, "day.csv"))
	if err == nil || !strings.Contains(err.Error(), "in folder "+folder+": ") {
		t.Errorf("Create: %v", err)
	}
}

// When the folder is moved meanwhile, and its path leads elsewhere, the file goes
// with the folder, and nothing elsewhere is touched: not even what has the name
// of the temporary file.
func TestFolderIsSwitched(t *testing.T) {
	for name, end := range map[string]func(*File) error{"new": (*File).Commit, "older": (*File).Discard} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			must(t, errors.Join(os.Mkdir("folder", 0o700), os.Mkdir("elsewhere", 0o700)))
			put(t, "folder/day.csv", "older")
			f := create(t, "folder/day.csv")
			write(t, f, "new")
			temporary := f.temporary
			put(t, "elsewhere/day.csv", "elsewhere")
			put(t, "elsewhere/"+temporary, "as well")
			must(t, errors.Join(os.Rename("folder", "moved"), os.Symlink("elsewhere", "folder")))

			must(t, end(f))
			wantNames(t, "moved", "day.csv")
			wantContent(t, "moved/day.csv", name)
			wantNames(t, "elsewhere", "day.csv", temporary)
			wantContent(t, "elsewhere/day.csv", "elsewhere")
			wantContent(t, "elsewhere/"+temporary, "as well")
		})
	}
}

// A link that is given another target meanwhile is not followed again, and one
// that takes the target's place is replaced.
func TestLinkIsSwitched(t *testing.T) {
	t.Chdir(t.TempDir())
	must(t, errors.Join(os.Mkdir("a", 0o700), os.Mkdir("b", 0o700), os.Symlink("a/day.csv", "link")))
	put(t, "b/day.csv", "elsewhere")
	f := create(t, "link")
	write(t, f, "new")
	must(t, errors.Join(os.Remove("link"), os.Symlink("b/day.csv", "link"), os.Symlink("../b/day.csv", "a/day.csv")))
	commit(t, f)
	wantContent(t, "b/day.csv", "elsewhere")
	wantNames(t, "a", "day.csv")
	wantContent(t, "a/day.csv", "new")
}

// A link into another file system has the temporary file there, too: names can't
// move from one to the other.
func TestLinkToOtherFileSystem(t *testing.T) {
	here := t.TempDir()
	there, err := os.MkdirTemp("/dev/shm", "dailystats-test-") // Linux has it
	if err != nil {
		t.Skip("there is no second file system to write to: ", err)
	}
	defer os.RemoveAll(there)
	if deviceOf(t, here) == deviceOf(t, there) {
		t.Skip("temporary files are in /dev/shm, too: there is no second file system to write to")
	}
	must(t, os.Symlink(filepath.Join(there, "day.csv"), filepath.Join(here, "link")))
	for _, text := range []string{"new", "newer"} {
		f := create(t, filepath.Join(here, "link"))
		write(t, f, text)
		commit(t, f)
		wantContent(t, filepath.Join(there, "day.csv"), text)
		wantNames(t, there, "day.csv")
		wantNames(t, here, "link")
	}
}

func deviceOf(t *testing.T, path string) any {
	info, err := os.Stat(path)
	must(t, err)
	return info.Sys().(*syscall.Stat_t).Dev
}
