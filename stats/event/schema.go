package event

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Form is how events are written, as it is asked for. What is not given is as section 2 of
// stats/README.md has it.
type Form struct {
	UserIDField    Path `json:"user_id_field,omitempty"`
	EventTypeField Path `json:"event_type_field,omitempty"`
	TimestampField Path `json:"timestamp_field,omitempty"`
	AmountField    Path `json:"amount_field,omitempty"`

	Purchases   []string `json:"purchase,omitempty"`      // event types that are purchases; EachPurchase alone for all
	NoEventType bool     `json:"no_event_type,omitempty"` // events have none

	TimeFormats    []TimeFormat `json:"time_format,omitempty"` // each of them is accepted
	ConvertOffsets bool         `json:"convert_offsets,omitempty"`
	AssumeUTC      bool         `json:"assume_utc,omitempty"` // of timestamps without a zone
	TimeZone       string       `json:"time_zone,omitempty"`  // of the days, as IANA names it

	QuotedNumbers bool `json:"quoted_numbers,omitempty"` // numbers may be strings
	MinorUnits    int  `json:"minor_units,omitempty"`    // amounts are in units of 10^-MinorUnits
}

// EachPurchase in Form.Purchases has each event be a purchase.
const EachPurchase = "*"

// TimeFormat is how timestamps may be written.
type TimeFormat string

// Formats of timestamps: strings but for Unix times, which are numbers.
const (
	ISO8601   TimeFormat = "iso8601"
	SQL       TimeFormat = "sql"
	Unix      TimeFormat = "unix" // seconds since 1970
	UnixMilli TimeFormat = "unix-ms"
	UnixMicro TimeFormat = "unix-us"
	UnixNano  TimeFormat = "unix-ns"
)

// unixPlaces are the decimal places of a second that the units of Unix times are.
var unixPlaces = map[TimeFormat]int{Unix: 0, UnixMilli: 3, UnixMicro: 6, UnixNano: 9}

// maxMinorUnits is the largest of Form.MinorUnits.
const maxMinorUnits = 18

// Schema is a Form that has been checked. Its zero value is that of section 2 of
// stats/README.md.
type Schema struct{ s *schema }

// schema is what the readers work with.
type schema struct {
	form  Form // in its normal form
	names [fieldCount]string
	root  *node

	purchases []string // nil where there are none, or all are
	all       bool     // are purchases
	noType    bool

	iso, sql, unix bool
	unixPlaces     int // of Unix times: decimal places of a second that their unit is
	convert        bool
	assumeUTC      bool
	zone           *time.Location // nil for UTC
	quoted         bool
	minor          int
}

var defaultPaths = [fieldCount]Path{userID: {"user_id"}, eventType: {"event_type"}, timestamp: {"timestamp"}, amount: {"amount"}}

// defaultSchema is the zero Schema.
var defaultSchema = func() *schema {
	s, err := newSchema(Form{})
	if err != nil {
		panic(err)
	}
	return s
}()

func (s Schema) schema() *schema {
	if s.s == nil {
		return defaultSchema
	}
	return s.s
}

// NewSchema checks a form. Errors name the field of Form that is at fault.
func NewSchema(f Form) (Schema, error) {
	s, err := newSchema(f)
	if err != nil || s.form.isDefault() {
		return Schema{}, err
	}
	return Schema{s}, nil
}

func newSchema(f Form) (*schema, error) {
	paths, err := f.paths()
	if err != nil {
		return nil, err
	}
	if err := f.checkPurchases(); err != nil {
		return nil, err
	}
	if f.MinorUnits < 0 || f.MinorUnits > maxMinorUnits {
		return nil, fmt.Errorf("Form.MinorUnits must be from 0 to %d", maxMinorUnits)
	}
	s := &schema{
		form: f.normal(), root: newPaths(paths),
		noType: f.NoEventType, all: slices.Contains(f.Purchases, EachPurchase),
		convert: f.ConvertOffsets, assumeUTC: f.AssumeUTC,
		quoted: f.QuotedNumbers, minor: f.MinorUnits,
	}
	for i, path := range paths {
		s.names[i] = shownName(path)
	}
	switch {
	case f.Purchases == nil && !f.NoEventType:
		s.purchases = []string{"purchase"}
	case !s.all:
		s.purchases = f.Purchases
	}
	if err := s.setTimeFormats(f.TimeFormats); err != nil {
		return nil, err
	}
	if s.form.TimeZone != "" {
		s.zone, err = loadZone(f.TimeZone)
	}
	return s, err
}

// paths returns the fields' paths, nil for a type that events don't have.
func (f *Form) paths() ([fieldCount]Path, error) {
	paths := defaultPaths
	given := [fieldCount]Path{userID: f.UserIDField, eventType: f.EventTypeField, timestamp: f.TimestampField, amount: f.AmountField}
	for i, path := range given {
		if len(path) > 0 {
			paths[i] = path
		}
	}
	if f.NoEventType {
		if len(f.EventTypeField) > 0 {
			return paths, errors.New("Form.NoEventType and Form.EventTypeField contradict each other: give one of them")
		}
		paths[eventType] = nil
	}
	for i, path := range paths {
		for j, other := range paths {
			if i != j && path != nil && other != nil && path.isWithin(other) {
				return paths, fmt.Errorf("%s %q and %s %q can't both be: one is the other, or lies within it", optionOf(field(i)), path, optionOf(field(j)), other)
			}
		}
	}
	return paths, nil
}

// optionOf names the field of Form for a field's path.
func optionOf(f field) string {
	return [fieldCount]string{
		userID: "Form.UserIDField", eventType: "Form.EventTypeField", timestamp: "Form.TimestampField", amount: "Form.AmountField",
	}[f]
}

func (f *Form) checkPurchases() error {
	all := slices.Contains(f.Purchases, EachPurchase)
	switch {
	case all && len(f.Purchases) > 1:
		return fmt.Errorf("Form.Purchases: %s means all events, so give it alone", EachPurchase)
	case f.NoEventType && f.Purchases != nil && !all:
		return fmt.Errorf("Form.NoEventType leaves no types for Form.Purchases: give %s, if all events are purchases, or none", EachPurchase)
	}
	for _, name := range f.Purchases {
		if name == "" || !utf8.ValidString(name) {
			return fmt.Errorf("Form.Purchases: no event has the type %q", name)
		}
	}
	return nil
}

func (s *schema) setTimeFormats(formats []TimeFormat) error {
	if len(formats) == 0 {
		formats = []TimeFormat{ISO8601}
	}
	for _, format := range formats {
		places, isUnix := unixPlaces[format]
		switch {
		case format == ISO8601:
			s.iso = true
		case format == SQL:
			s.sql = true
		case !isUnix:
			return fmt.Errorf("Form.TimeFormats: there is no format %q", format)
		case s.unix && places != s.unixPlaces:
			return errors.New("Form.TimeFormats: two units of Unix times can't be told apart: give one")
		default:
			s.unix, s.unixPlaces = true, places
		}
	}
	return nil
}

// normal returns the form without what is the default, and in an order that does not
// depend on how it was written: forms that mean the same are the same.
func (f Form) normal() Form {
	for i, path := range map[field]*Path{userID: &f.UserIDField, eventType: &f.EventTypeField, timestamp: &f.TimestampField, amount: &f.AmountField} {
		if slices.Equal(*path, defaultPaths[i]) {
			*path = nil
		}
	}
	f.Purchases = sorted(f.Purchases, "purchase")
	f.TimeFormats = sorted(f.TimeFormats, ISO8601)
	if f.TimeZone == "UTC" {
		f.TimeZone = ""
	}
	return f
}

// sorted returns the different values in order, or nil if they are the default alone.
func sorted[T ~string](values []T, byDefault T) []T {
	values = slices.Compact(slices.Sorted(slices.Values(values)))
	if len(values) == 1 && values[0] == byDefault {
		return nil
	}
	return values
}

func (f *Form) isDefault() bool {
	text, _ := json.Marshal(f)
	return string(text) == "{}"
}

// shownName returns a path as messages name it, on one line.
func shownName(path Path) string {
	text := path.String()
	if text == "" || strings.ContainsFunc(text, func(r rune) bool { return r == ' ' || r == '"' || !strconv.IsPrint(r) }) {
		return fmt.Sprintf("%q", text)
	}
	return text
}

// IsZero reports whether s is the zero Schema: events are as section 2 has them.
func (s Schema) IsZero() bool { return s.s == nil }

// Equal reports whether the schemas mean the same.
func (s Schema) Equal(other Schema) bool {
	text, _ := s.MarshalJSON()
	otherText, _ := other.MarshalJSON()
	return bytes.Equal(text, otherText)
}

// Form returns the form, without what is the default.
func (s Schema) Form() Form { return s.schema().form }

// Paths returns where the values are: the user, the type, the time and the amount of an event, in
// this order. The type's is nil where events have none.
func (s Schema) Paths() [4]Path {
	paths, _ := s.schema().form.paths()
	return [4]Path(paths[userID:])
}

// MarshalJSON returns the form as an object. Forms that mean the same give the same bytes.
func (s Schema) MarshalJSON() ([]byte, error) { return json.Marshal(s.schema().form) }

// UnmarshalJSON undoes MarshalJSON.
func (s *Schema) UnmarshalJSON(text []byte) error {
	var f Form
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&f); err != nil {
		return err
	}
	made, err := NewSchema(f)
	*s = made
	return err
}
