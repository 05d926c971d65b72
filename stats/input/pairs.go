package input

import (
	"fmt"
	"slices"
	"strings"
)

// pairs finds files of a folder or a glob that are there plain and compressed, which people
// who compress a log leave behind. Paths come in their order.
type pairs struct {
	prefixes []string // of the last path, among the paths, the shortest first
	first    string   // plain one that has a compressed one beside it
	beside   string
	others   int
}

// endings are what compressing programs add to a name.
var endings = []string{".gz", ".zst", ".bz2", ".xz", ".lz4"}

func (p *pairs) add(path string) {
	for n := len(p.prefixes); n > 0 && !strings.HasPrefix(path, p.prefixes[n-1]); n-- {
		p.prefixes = p.prefixes[:n-1]
	}
	i := slices.IndexFunc(endings, func(ending string) bool { return strings.HasSuffix(path, ending) })
	if i >= 0 && slices.Contains(p.prefixes, strings.TrimSuffix(path, endings[i])) {
		if p.first != "" {
			p.others++
		} else {
			p.first, p.beside = strings.TrimSuffix(path, endings[i]), path
		}
	}
	p.prefixes = append(p.prefixes, path)
}

// String is a warning, or empty if there is no pair.
func (p *pairs) String() string {
	if p.first == "" {
		return ""
	}
	text := fmt.Sprintf("%s and %s are both read", label(p.first), label(p.beside))
	if p.others > 0 {
		text += fmt.Sprintf(", and %d more such pairs", p.others)
	}
	return text + ": if one is a copy of the other, its events count twice"
}
