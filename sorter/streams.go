package sorter

// streams merges page streams by first key, least first. There are few of them
// and their pages are hundreds of records each, so the least is looked for one
// by one.
type streams struct {
	sources []func() (page, error)
	heads   []page // the next page of each source
}

func newStreams(sources []func() (page, error)) (*streams, error) {
	s := &streams{}
	for _, next := range sources {
		p, err := next()
		if err != nil {
			return nil, err
		}
		if p != nil {
			s.sources = append(s.sources, next)
			s.heads = append(s.heads, p)
		}
	}
	return s, nil
}

// next returns the page with the least first key, or nil after the last.
func (s *streams) next() (page, error) {
	if len(s.heads) == 0 {
		return nil, nil
	}
	least := 0
	for i := 1; i < len(s.heads); i++ {
		if comparePages(s.heads[i], s.heads[least]) < 0 {
			least = i
		}
	}
	p := s.heads[least]
	following, err := s.sources[least]()
	if err != nil {
		return nil, err
	}
	s.heads[least] = following
	if following == nil {
		last := len(s.heads) - 1
		s.heads[least], s.sources[least] = s.heads[last], s.sources[last]
		s.heads, s.sources = s.heads[:last], s.sources[:last]
	}
	return p, nil
}
