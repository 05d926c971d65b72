package event

import (
	"archive/zip"
	"bytes"
	_ "embed"
	"fmt"
	"io"
	"strings"
	"time"
)

// zoneinfo is the IANA Time Zone Database, release 2025c, which is in the public domain, as Go
// has it in lib/time. It is here because time.LoadLocation prefers what the host has, and
// the same events must give the same days on any host (https://github.com/golang/go/issues/38017).
//
//go:embed zoneinfo.zip
var zoneinfo []byte

// loadZone returns a zone of the database.
func loadZone(name string) (*time.Location, error) {
	archive, err := zip.NewReader(bytes.NewReader(zoneinfo), int64(len(zoneinfo)))
	if err != nil {
		return nil, err
	}
	for _, file := range archive.File {
		switch {
		case strings.HasSuffix(file.Name, "/"):
		case file.Name == name:
			return readZone(file)
		case strings.EqualFold(file.Name, name):
			return nil, fmt.Errorf("Form.TimeZone: there is no zone %q: did you mean %s?", name, file.Name)
		}
	}
	return nil, fmt.Errorf("Form.TimeZone: there is no zone %q: give a name of the IANA database, such as Europe/Amsterdam", name)
}

func readZone(file *zip.File) (*time.Location, error) {
	opened, err := file.Open()
	if err != nil {
		return nil, err
	}
	defer opened.Close()
	data, err := io.ReadAll(opened)
	if err != nil {
		return nil, err
	}
	return time.LoadLocationFromTZData(file.Name, data)
}

// zoneTable knows the offsets of a zone around some times, so that they are looked up
// once and not for each event.
type zoneTable struct {
	zone   *time.Location
	around [64]zoneSpan // by bits of the time
}

// zoneSpan is a span of 2^spanBits seconds, in which a zone's offset changes once at most.
type zoneSpan struct {
	number        int64 // of the span; 0 for none
	change        int64 // second in which the offset changes; behind the span where it doesn't
	before, after int32 // offsets in seconds
}

const (
	spanBits  = 21 // 24 days
	firstSpan = 2  // number of the one that begins with year 0; the one before is 1
)

// offset returns the zone's offset at a second since 0000-01-01, in seconds.
func (t *zoneTable) offset(second int64) int64 {
	number := second>>spanBits + firstSpan
	span := &t.around[uint64(number)%uint64(len(t.around))]
	if span.number != number {
		return t.remember(span, number, second)
	}
	if second < span.change {
		return int64(span.before)
	}
	return int64(span.after)
}

// remember returns the offset at a second, and puts the span around it into its place.
func (t *zoneTable) remember(span *zoneSpan, number, second int64) int64 {
	if fresh, ok := newZoneSpan(t.zone, number); ok {
		*span = fresh
	}
	return zoneOffset(t.zone, second)
}

func newZoneSpan(zone *time.Location, number int64) (s zoneSpan, ok bool) {
	start := (number - firstSpan) << spanBits
	end := start + 1<<spanBits
	s = zoneSpan{number: number, change: end, before: int32(zoneOffset(zone, start))}
	s.after = s.before
	if _, next := time.Unix(start-unixEpoch, 0).In(zone).ZoneBounds(); !next.IsZero() && next.Unix()+unixEpoch < end {
		s.change = next.Unix() + unixEpoch
		s.after = int32(zoneOffset(zone, s.change))
		_, further := next.ZoneBounds()
		return s, further.IsZero() || further.Unix()+unixEpoch >= end
	}
	return s, true
}

// zoneOffset returns a zone's offset at a second, in seconds.
func zoneOffset(zone *time.Location, second int64) int64 {
	_, offset := time.Unix(second-unixEpoch, 0).In(zone).Zone()
	return int64(offset)
}
