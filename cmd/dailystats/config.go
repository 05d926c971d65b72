package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"reflect"
	"slices"
	"strings"

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

// readSettings reads one JSON object. Its keys are made the names of flags.
func readSettings(path string) (map[string]any, error) {
	text, err := os.ReadFile(path)
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		return nil, pathErr.Err
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if start, err := decoder.Token(); err != nil || start != json.Delim('{') {
		return nil, errors.New("it is not a JSON object")
	}
	settings := make(map[string]any)
	for decoder.More() {
		key, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		name := strings.ReplaceAll(key.(string), "_", "-")
		if _, twice := settings[name]; twice {
			return nil, fmt.Errorf("%s is there twice", name)
		}
		var value any
		if err := decoder.Decode(&value); err != nil {
			return nil, err
		}
		settings[name] = value
	}
	if _, err := decoder.Token(); err != nil {
		return nil, err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows its JSON object")
	}
	return settings, nil
}

// config gives kong the settings of a config file. Its zero value has none: it
// makes kong look at an invalid variable only where no flag beats it.
type config struct {
	path     string
	settings map[string]any // by flag
}

// Validate finds settings that no command has.
func (c config) Validate(app *kong.Application) error {
	var names []string
	for _, f := range allFlags(app.Node) {
		if f.Name != "help" && f.Name != "config" {
			names = append(names, f.Name)
		}
	}
	for name := range c.settings {
		if !slices.Contains(names, name) {
			err := fmt.Errorf("config file %s: there is no setting %s", c.path, name)
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
	value, found := c.settings[flag.Name]
	if !found || isInEnvironment(flag) {
		return nil, nil
	}
	isText := flag.Target.Kind() == reflect.String
	switch v := value.(type) {
	case bool:
		if flag.IsBool() {
			return v, nil
		}
	case json.Number:
		if !flag.IsBool() && !isText {
			return v.String(), nil
		}
	case string:
		if !flag.IsBool() {
			return v, nil
		}
	}
	text, _ := json.Marshal(value)
	return nil, fmt.Errorf("config file %s: it can't be %s", c.path, text)
}

func isInEnvironment(flag *kong.Flag) bool {
	return slices.ContainsFunc(flag.Envs, func(name string) bool {
		_, found := os.LookupEnv(name)
		return found
	})
}
