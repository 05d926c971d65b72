package event

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Path says where a value is: names of members, from the event inwards. Where it is written
// as text, dots join the names; \. and \\ are a dot and a backslash in a name.
type Path []string

var (
	errPathEscape = errors.New(`a backslash must be followed by a dot or by another one: \. or \\`)
	errPathUTF8   = errors.New("a name is not UTF-8")
)

// UnmarshalText reads a path such as properties.revenue.
func (p *Path) UnmarshalText(text []byte) error {
	if !utf8.Valid(text) {
		return fmt.Errorf("path %q: %w", text, errPathUTF8)
	}
	names, escaped := []string{""}, false
	for _, r := range string(text) {
		last := &names[len(names)-1]
		switch {
		case escaped && r != '.' && r != '\\':
			return fmt.Errorf("path %s: %w", text, errPathEscape)
		case !escaped && r == '\\':
			escaped = true
			continue
		case !escaped && r == '.':
			names = append(names, "")
		default:
			*last += string(r)
		}
		escaped = false
	}
	if escaped {
		return fmt.Errorf("path %s: %w", text, errPathEscape)
	}
	*p = names
	return nil
}

// MarshalText undoes UnmarshalText.
func (p Path) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// String returns the path as text.
func (p Path) String() string {
	escape := strings.NewReplacer(`\`, `\\`, `.`, `\.`)
	names := make([]string, len(p))
	for i, name := range p {
		names[i] = escape.Replace(name)
	}
	return strings.Join(names, ".")
}

// isWithin reports whether p is other, or below it.
func (p Path) isWithin(other Path) bool {
	return len(p) >= len(other) && slices.Equal(p[:len(other)], other)
}

// node is an object on the way to values, the event itself for one.
type node struct {
	depth   int // objects that it is in, itself included; 1 for the event
	parent  *node
	members []member
	fields  fieldSet // whose values are in it
}

// member is a member of a node that matters: a value, or a node on the way to one.
type member struct {
	name  string
	field field // noField for a node
	node  *node
}

// newPaths returns the event as a node: what is on the way to the fields that have a path.
func newPaths(paths [fieldCount]Path) *node {
	root := &node{depth: 1}
	for i, path := range paths {
		if path != nil {
			root.add(path, field(i))
		}
	}
	return root
}

func (n *node) add(path Path, f field) {
	n.fields |= f.bit()
	m := n.member([]byte(path[0]))
	if m == nil {
		n.members = append(n.members, member{name: path[0]})
		m = &n.members[len(n.members)-1]
	}
	if len(path) == 1 {
		m.field = f
		return
	}
	if m.node == nil {
		m.node = &node{depth: n.depth + 1, parent: n}
	}
	m.node.add(path[1:], f)
}

// member returns the member of a name, or nil.
func (n *node) member(name []byte) *member {
	for i := range n.members {
		if n.members[i].name == string(name) {
			return &n.members[i]
		}
	}
	return nil
}
