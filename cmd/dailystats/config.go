package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// config holds the settings of a config file: one JSON object whose names are
// those of flags.
type config map[string]any

// loadConfig reads a config file, for kong.
func loadConfig(r io.Reader) (kong.Resolver, error) {
	decoder := json.NewDecoder(r)
	decoder.UseNumber()
	var read map[string]any
	if err := decoder.Decode(&read); err != nil {
		return nil, fmt.Errorf("not one JSON object: %w", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is something after the JSON object")
	}
	c := config{}
	for key, value := range read {
		name := strings.ReplaceAll(key, "_", "-")
		if _, twice := c[name]; twice {
			return nil, fmt.Errorf("%q is given twice", name)
		}
		c[name] = value
	}
	return c, nil
}

// Validate finds settings that no command has.
func (c config) Validate(app *kong.Application) error {
	flags := allFlags(app.Node)
	for name := range c {
		known := slices.ContainsFunc(flags, func(f *kong.Flag) bool { return f.Name == name })
		if !known || name == "help" || name == "config" {
			return fmt.Errorf("config file: %q is not the name of a flag that it can hold", name)
		}
	}
	return nil
}

// Resolve returns a flag's setting, or nil where there is none, or where the
// environment has one: a setting that kong is given would beat it.
func (c config) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	value, found := c[flag.Name]
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
	return nil, fmt.Errorf("config file: %v is not a value that it can have", value)
}

func isInEnvironment(flag *kong.Flag) bool {
	return slices.ContainsFunc(flag.Envs, func(name string) bool {
		_, found := os.LookupEnv(name)
		return found
	})
}
