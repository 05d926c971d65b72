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
	names := flagNames(app.Node)
	for name := range c {
		if !slices.Contains(names, name) {
			return fmt.Errorf("config file: %q is not the name of a flag that it can hold", name)
		}
	}
	return nil
}

// flagNames returns the flags of node and its commands, but for those that can't
// be in a config file.
func flagNames(node *kong.Node) (names []string) {
	for _, flag := range node.Flags {
		if flag.Name != "help" && flag.Name != "config" {
			names = append(names, flag.Name)
		}
	}
	for _, child := range node.Children {
		names = append(names, flagNames(child)...)
	}
	return names
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
