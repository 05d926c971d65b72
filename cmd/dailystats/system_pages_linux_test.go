package main

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/alecthomas/kong"
	"golang.org/x/sys/unix"
)

// TestPages proves that what the pages for people show can be done. Of the blocks of
// code in them,
//
//	console     is a session, which must go as it is written but for figures that differ
//	            from run to run;
//	sh          is run, and must succeed;
//	sh kafka    is run with a dailystats that only checks its flags;
//	sh example  needs what is not there: it must be correct shell;
//	go          must be a part of a package's examples, which are compiled and run.
//
// Commands are run in a folder that has what preparePages puts into it. Links must lead
// to files and headings that are there.
func TestPages(t *testing.T) {
	examples := readExamples(t)
	for _, page := range findPages(t) {
		text := readText(t, page)
		t.Run(strings.TrimPrefix(page, root), func(t *testing.T) {
			t.Parallel()
			checkLinks(t, page, text)
			dir := ""
			for _, b := range codeBlocks(text) {
				if dir == "" && (b.kind == "sh" || b.kind == "console" || b.kind == "sh kafka") {
					dir = preparePages(t)
				}
				switch b.kind {
				case "console":
					runSession(t, dir, b.text)
				case "sh":
					runShell(t, dir, b.text)
				case "sh kafka":
					runShell(t, dir, onlyCheckFlags+b.text)
				case "sh example":
					checkShell(t, b.text)
				case "go":
					if !strings.Contains(examples, unindent(b.text)) {
						t.Errorf("no example has this code:\n%s", b.text)
					}
				case "", "json", "python", "sql":
				default:
					t.Errorf("unknown kind of code block: %s", b.kind)
				}
			}
		})
	}
}

// TestManualNamesFlags proves that the manual has every command and every flag.
func TestManualNamesFlags(t *testing.T) {
	manual := readText(t, root+"cmd/dailystats/README.md")
	parser, err := kong.New(&commands{})
	if err != nil {
		t.Fatal(err)
	}
	app := parser.Model
	for _, command := range visibleCommands(app) {
		if !strings.Contains(manual, "`dailystats "+command.Name) && command.Name != "run" {
			t.Errorf("the manual lacks the command %s", command.Name)
		}
		for _, f := range flagsOf(app, command) {
			name := regexp.MustCompile(`--(\[no-\])?` + f.Name + `\b`)
			if f.Name != "help" && !name.MatchString(manual) {
				t.Errorf("the manual lacks --%s of %s", f.Name, command.Name)
			}
		}
	}
}

const root = "../../"

func findPages(t *testing.T) (pages []string) {
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err == nil && entry.IsDir() && (entry.Name() == ".git" || entry.Name() == "runs"):
			return fs.SkipDir
		case strings.HasSuffix(path, ".md"):
			pages = append(pages, path)
		}
		return err
	})
	if err != nil || !slices.Contains(pages, root+"README.md") {
		t.Fatal(pages, err)
	}
	return pages
}

// codeBlock is a block of code in a page. Its kind is what stands behind the backticks.
type codeBlock struct{ kind, text string }

func codeBlocks(page string) (blocks []codeBlock) {
	for i, part := range strings.Split("\n"+page, "\n```") {
		if i%2 == 1 {
			kind, text, _ := strings.Cut(part, "\n")
			blocks = append(blocks, codeBlock{kind, text + "\n"})
		}
	}
	return blocks
}

// preparePages makes a folder with the inputs that the pages mention.
func preparePages(t *testing.T) string {
	dir := t.TempDir()
	runShell(t, dir, `
mkdir testdata logs more events hosts hosts/a hosts/b
dailystats gen --events 1000 --users 50 -o events.jsonl
for n in 1 2 3; do
	dailystats gen --events 300 --users 20 --seed $n -o logs/$n.jsonl.gz
	dailystats gen --events 500 --users 20 --seed $n -o events/$n.jsonl
done
cp events.jsonl more/1.jsonl
cp events.jsonl late.jsonl
cp events.jsonl today.jsonl
dailystats events.jsonl -o february.csv
cp february.csv total.csv
dailystats events.jsonl -o hosts/a/2024-01.csv.gz
dailystats events.jsonl -o hosts/b/2024-01.csv.gz
echo security.protocol=sasl_ssl >kafka.conf
`)
	orders := `{"id": 1, "customer": {"id": 17}, "created_at": "2024-01-10T23:30:00-05:00", "total_price": "598.94"}
{"id": 2, "customer": {"id": 17}, "created_at": "2024-01-11T09:00:00+01:00", "total_price": "0.06"}
`
	if err := os.WriteFile(filepath.Join(dir, "orders.jsonl"), []byte(orders), 0o600); err != nil {
		t.Fatal(err)
	}
	events := readText(t, root+"testdata/events.jsonl")
	if err := os.WriteFile(filepath.Join(dir, "testdata", "events.jsonl"), []byte(events), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

const onlyCheckFlags = `dailystats() {
	local command=run
	case $1 in check | merge | report) command=$1; shift ;; esac
	command dailystats flags "$command" -- "$@"
}
`

func runShell(t *testing.T, dir, script string) {
	t.Helper()
	if text, err := shell(dir, script).CombinedOutput(); err != nil {
		t.Errorf("%s\n%s: %v", script, text, err)
	}
}

func shell(dir, script string) *exec.Cmd {
	cmd := exec.Command("bash", "-e", "-c", script)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "DAILYSTATS_PROGRESS=never", "GORACE=atexit_sleep_ms=0")
	return cmd
}

func checkShell(t *testing.T, script string) {
	if text, err := exec.Command("bash", "-n", "-c", script).CombinedOutput(); err != nil {
		t.Errorf("%s\n%s: %v", script, text, err)
	}
}

// runSession runs the lines of a session that follow a "$ ", and compares what is between
// them with what they write to a terminal.
func runSession(t *testing.T, dir, session string) {
	for _, part := range strings.Split("\n"+session, "\n$ ")[1:] {
		command, want, _ := strings.Cut(strings.TrimSuffix(part, "\n")+"\n", "\n")
		got := runOnTerminal(t, shell(dir, command))
		if withoutFigures(got) != withoutFigures(want) {
			t.Errorf("$ %s\n%s\nbut the page has\n%s", command, got, want)
		}
	}
}

// runOnTerminal runs a command with a terminal, and returns what it shows, without colors.
func runOnTerminal(t *testing.T, cmd *exec.Cmd) string {
	ours, theirs := openTerminal(t)
	defer ours.Close()
	cmd.Stdin, cmd.Stdout, cmd.Stderr = theirs, theirs, theirs
	var shown strings.Builder
	done := make(chan struct{})
	go func() {
		defer close(done)
		io.Copy(&shown, ours) // ends with an error when nobody has the terminal any more
	}()
	err := cmd.Run()
	theirs.Close()
	<-done
	text := colors.ReplaceAllString(strings.ReplaceAll(shown.String(), "\r\n", "\n"), "")
	if err != nil {
		t.Errorf("%s\n%s: %v", cmd, text, err)
	}
	return text
}

var colors = regexp.MustCompile("\x1b\\[[0-9;]*m")

// openTerminal returns both ends of a new pseudoterminal.
func openTerminal(t *testing.T) (ours, theirs *os.File) {
	ours, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip(err)
	}
	number, err := unix.IoctlGetInt(int(ours.Fd()), unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(int(ours.Fd()), unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		theirs, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	return ours, theirs
}

// runFigures are figures that differ from run to run.
var runFigures = regexp.MustCompile(`[0-9.]+ ?(ms|s|MiB of|MB/s)\b|seconds  [0-9.]+ ?`)

func withoutFigures(text string) string {
	return strings.TrimSpace(runFigures.ReplaceAllString(text, "0 $1"))
}

// readExamples returns the code of all examples, with each line's indentation removed.
func readExamples(t *testing.T) string {
	files, err := filepath.Glob(root + "stats/*/example_test.go")
	if err != nil || files == nil {
		t.Fatal(files, err)
	}
	var code strings.Builder
	for _, file := range files {
		code.WriteString(unindent(readText(t, file)))
	}
	return code.String()
}

func unindent(code string) string {
	return regexp.MustCompile(`(?m)^\t+`).ReplaceAllString(code, "")
}

var link = regexp.MustCompile(`\]\(([^)\s]+)\)`)

func checkLinks(t *testing.T, page, text string) {
	for _, match := range link.FindAllStringSubmatch(text, -1) {
		target, heading, _ := strings.Cut(match[1], "#")
		if strings.Contains(target, ":") {
			continue // not ours
		}
		file := page
		if target != "" {
			file = filepath.Join(filepath.Dir(page), target)
		}
		if _, err := os.Stat(file); err != nil {
			t.Errorf("link to %s: %v", match[1], err)
		} else if heading != "" && !slices.Contains(headings(readText(t, file)), heading) {
			t.Errorf("link to %s: no such heading", match[1])
		}
	}
}

// headings returns the names that links have for the headings of a page.
func headings(page string) (names []string) {
	for _, line := range strings.Split(page, "\n") {
		if title := strings.TrimLeft(line, "#"); title != line {
			names = append(names, strings.Map(func(r rune) rune {
				switch {
				case r == ' ':
					return '-'
				case unicode.IsLetter(r) || unicode.IsDigit(r) || r == '-' || r == '_':
					return unicode.ToLower(r)
				default:
					return -1
				}
			}, strings.TrimSpace(title)))
		}
	}
	return names
}

func readText(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
