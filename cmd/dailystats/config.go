package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"

	"dailystats/stats/input"

	"github.com/alecthomas/kong"
)

// configFile is the flag that names a config file.
type configFile string

// BeforeResolve is called by kong where the flag is given. The file's settings
// stand behind the command line and the environment.
func (configFile) BeforeResolve(ctx *kong.Context, trace *kong.Path) error {
	path := string(ctx.FlagValue(trace.Flag).(configFile))
	settings, err := readSettings(path)
	if err != nil {
		return fmt.Errorf("config file %s: %w", path, err)
	}
	ctx.AddResolver(config{path, settings})
	return nil
}

// setting is a value in a config file.
type setting struct {
	key   string // as it is written
	value any
	line  int // that its key is on
}

const (
	maxConfig = 1 << 20 // bytes of a config file
	example   = `such as {"memory": "64MiB", "output": "stats.csv"}`
)

// readSettings reads a config file, which may be a pipe.
func readSettings(path string) (map[string]setting, error) {
	text, err := input.ReadSmall(path, maxConfig)
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		return nil, pathErr.Err
	}
	if err != nil {
		return nil, err
	}
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")) // editors on Windows write it
	if err := checkObject(text); err != nil {
		return nil, err
	}
	return parseSettings(text)
}

// checkObject returns an error unless text is one JSON object.
func checkObject(text []byte) error {
	if !bytes.HasPrefix(bytes.TrimSpace(text), []byte{'{'}) {
		return errors.New("it is not a JSON object " + example)
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	err := decoder.Decode(new(json.RawMessage))
	syntax, isSyntax := errors.AsType[*json.SyntaxError](err)
	switch {
	case isSyntax:
		return fmt.Errorf("line %d: %w", lineAt(text, syntax.Offset-1), err)
	case err != nil: // the text has an end, its object has none
		return fmt.Errorf("line %d: the JSON object does not end: is a } missing?", lineAt(text, int64(len(bytes.TrimSpace(text)))))
	}
	rest := text[decoder.InputOffset():]
	if after := bytes.TrimSpace(rest); len(after) > 0 {
		start := len(text) - len(bytes.TrimLeft(rest, " \t\r\n"))
		return fmt.Errorf("something follows its JSON object (line %d): remove it", lineAt(text, int64(start)))
	}
	return nil
}

// lineAt returns the number of the line that the byte at offset is on.
func lineAt(text []byte, offset int64) int {
	return 1 + bytes.Count(text[:max(offset, 0)], []byte{'\n'})
}

// comment is the key of what a config file says to people.
const comment = "_"

// parseSettings returns the members of a JSON object, but for comments. Their keys are made the
// names of flags.
func parseSettings(text []byte) (map[string]setting, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if _, err := decoder.Token(); err != nil {
		return nil, err
	}
	settings := make(map[string]setting)
	for decoder.More() {
		key, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		s := setting{key: key.(string), line: lineAt(text, decoder.InputOffset())}
		name := strings.ReplaceAll(key.(string), "_", "-")
		if first, twice := settings[name]; twice {
			return nil, fmt.Errorf("%s is there twice (lines %d and %d): remove one", name, first.line, s.line)
		}
		if err := decoder.Decode(&s.value); err != nil {
			return nil, err
		}
		if key != comment {
			settings[name] = s
		}
	}
	return settings, nil
}

// config gives kong the settings of a config file. Its zero value has none: it
// makes kong look at an invalid variable only where no flag beats it.
type config struct {
	path     string
	settings map[string]setting // by flag
}

// Validate finds settings that no command has.
func (c config) Validate(app *kong.Application) error {
	var names []string
	for _, f := range allFlags(app.Node) {
		if f.Name != "help" && f.Name != "config" {
			names = append(names, f.Name)
		}
	}
	byLine := func(a, b string) int { return cmp.Compare(c.settings[a].line, c.settings[b].line) }
	for _, name := range slices.SortedFunc(maps.Keys(c.settings), byLine) {
		if !slices.Contains(names, name) {
			err := fmt.Errorf("config file %s: there is no setting %s (line %d)", c.path, c.settings[name].key, c.settings[name].line)
			if near, ok := nearest(name, names); ok {
				err = fmt.Errorf("%w: did you mean %s?", err, near)
			}
			return err
		}
	}
	return nil
}

// Resolve returns a flag's setting, or nil where there is none, or where the
// environment has one: a setting that kong is given would beat it.
func (c config) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	s, found := c.settings[flag.Name]
	if !found || isInEnvironment(flag) {
		return nil, nil
	}
	value, wanted := valueFor(flag, s.value)
	if wanted != "" {
		text, _ := json.Marshal(s.value)
		return nil, fmt.Errorf("config file %s: it can't be %s (line %d): give %s", c.path, text, s.line, wanted)
	}
	if err := try(flag, value); err != nil {
		return nil, fmt.Errorf("%w (config file %s, line %d)", err, c.path, s.line)
	}
	return value, nil
}

// valueFor returns what kong takes for a value in a config file, or else what kind of
// value the flag wants.
func valueFor(flag *kong.Flag, value any) (taken any, wanted string) {
	isText := flag.Target.Kind() == reflect.String
	switch v := value.(type) {
	case bool:
		if flag.IsBool() {
			return v, ""
		}
	case json.Number:
		if _, isAlike := flag.Target.Interface().(alike); isAlike || !flag.IsBool() && !isText {
			return v.String(), ""
		}
	case string:
		if !flag.IsBool() {
			return v, ""
		}
	case []any:
		if flag.IsSlice() && flag.Target.Type().Elem().Kind() == reflect.String && areTexts(v) {
			return v, ""
		}
	}
	switch {
	case flag.IsBool():
		return nil, "true or false"
	case isText:
		return nil, "a text"
	case flag.IsSlice():
		return nil, "a text, or a list of texts"
	default:
		return nil, "a number or a text"
	}
}

// areTexts reports whether a list has texts alone, and some.
func areTexts(list []any) bool {
	for _, v := range list {
		if _, isText := v.(string); !isText {
			return false
		}
	}
	return len(list) > 0
}

// try returns an error if a flag can't have a value. kong would find that, too, but not
// say where the value is from.
func try(flag *kong.Flag, value any) error {
	target := reflect.New(flag.Target.Type()).Elem()
	if target.Kind() == reflect.Pointer {
		target.Set(reflect.New(target.Type().Elem()))
	}
	scan := kong.Scan().PushTyped(value, kong.FlagValueToken)
	if err := flag.Mapper.Decode(&kong.DecodeContext{Value: flag.Value, Scan: scan}, target); err != nil {
		return err
	}
	if flag.Enum == "" {
		return nil
	}
	values := []reflect.Value{target}
	if target.Kind() == reflect.Slice {
		values = values[:0]
		for i := range target.Len() {
			values = append(values, target.Index(i))
		}
	}
	for _, v := range values {
		if text := fmt.Sprint(v); !slices.Contains(flag.EnumSlice(), text) {
			return fmt.Errorf("must be one of %s but got %q", strings.Join(flag.EnumSlice(), ", "), text)
		}
	}
	return nil
}

func isInEnvironment(flag *kong.Flag) bool {
	return slices.ContainsFunc(flag.Envs, func(name string) bool {
		_, found := os.LookupEnv(name)
		return found
	})
}
