package sorter

import "dailystats/stats"

// LaneSize is the memory that a worker takes for each run that it merges, in
// bytes: a lane, its place in the heap and in the map, and a list of its pages.
const LaneSize = 256

// merger yields the totals of a stretch in key order, each key once. Its
// memory depends on the number of runs alone.
//
// A run's pages follow each other, so they form a lane, of which one page is
// open at a time. A binary heap holds the next key of each lane.
type merger struct {
	stretch stretch
	lanes   []lane
	laneOf  map[uint32]int // by run
	heap    []head
}

// lane reads the pages of one run that are in a stretch.
type lane struct {
	pageReader
	pages  []page
	opened int // how many of them
}

// head is the next key of a lane.
type head struct {
	key  stats.Key
	lane int
}

func newMerger() *merger {
	return &merger{laneOf: make(map[uint32]int)}
}

// reset makes m merge s.
func (m *merger) reset(s stretch) error {
	m.stretch = s
	m.lanes, m.heap = m.lanes[:0], m.heap[:0]
	clear(m.laneOf)
	for _, p := range s.pages {
		m.addPage(p)
	}
	for i := range m.lanes {
		more, err := m.lanes[i].seek(s.from)
		if err != nil {
			return err
		}
		if more && s.holds(m.lanes[i].key) {
			m.heap = append(m.heap, head{m.lanes[i].key, i})
		}
	}
	for i := len(m.heap)/2 - 1; i >= 0; i-- {
		m.siftDown(i)
	}
	return nil
}

// addPage puts p at the end of its run's lane.
func (m *merger) addPage(p page) {
	i, ok := m.laneOf[p.run()]
	if !ok {
		i = len(m.lanes)
		m.laneOf[p.run()] = i
		if i < cap(m.lanes) { // with the memory of the lane that was there
			m.lanes = m.lanes[:i+1]
			m.lanes[i] = lane{pages: m.lanes[i].pages[:0]}
		} else {
			m.lanes = append(m.lanes, lane{})
		}
	}
	m.lanes[i].pages = append(m.lanes[i].pages, p)
}

// next returns the next key and all that it adds up to; ok is false after the
// last.
func (m *merger) next() (k stats.Key, t stats.Totals, ok bool, err error) {
	if len(m.heap) == 0 {
		return k, t, false, nil
	}
	k = m.heap[0].key
	t = m.lanes[m.heap[0].lane].totals()
	if err := m.advance(); err != nil {
		return k, t, false, err
	}
	for len(m.heap) > 0 && m.heap[0].key == k {
		t = t.Add(m.lanes[m.heap[0].lane].totals())
		if err := m.advance(); err != nil {
			return k, t, false, err
		}
	}
	return k, t, true, nil
}

// advance moves the lane with the least key on.
func (m *merger) advance() error {
	l := &m.lanes[m.heap[0].lane]
	more, err := l.step()
	if err != nil {
		return err
	}
	if more && m.stretch.holds(l.key) {
		m.heap[0].key = l.key
	} else {
		last := len(m.heap) - 1
		m.heap[0] = m.heap[last]
		m.heap = m.heap[:last]
	}
	m.siftDown(0)
	return nil
}

// siftDown restores the heap's order below i.
func (m *merger) siftDown(i int) {
	for {
		least := 2*i + 1
		if least >= len(m.heap) {
			return
		}
		if right := least + 1; right < len(m.heap) && less(m.heap[right].key, m.heap[least].key) {
			least = right
		}
		if !less(m.heap[least].key, m.heap[i].key) {
			return
		}
		m.heap[i], m.heap[least] = m.heap[least], m.heap[i]
		i = least
	}
}

func less(a, b stats.Key) bool {
	return a.Day < b.Day || a.Day == b.Day && a.User < b.User
}

// seek moves to the first record whose key is not below from.
func (l *lane) seek(from stats.Key) (more bool, err error) {
	for {
		more, err = l.step()
		if !more || err != nil || !less(l.key, from) {
			return more, err
		}
	}
}

// step moves to the next record, opening the next page where one has ended.
func (l *lane) step() (more bool, err error) {
	for l.left == 0 {
		if l.opened == len(l.pages) {
			return false, nil
		}
		if err := l.open(l.pages[l.opened]); err != nil {
			return false, err
		}
		l.opened++
	}
	return true, l.next()
}
