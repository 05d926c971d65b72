package main

import "dailystats/stats/event"

// schemaFlags say how events are written, of the commands that read or write them.
type schemaFlags struct {
	UserIDField    path `name:"user-id-field" group:"Events of other systems:" placeholder:"PATH" help:"Where the user is: names joined by dots, such as context.user. (default: user_id)"`
	EventTypeField path `group:"Events of other systems:" placeholder:"PATH" help:"Where the type is. (default: event_type)"`
	TimestampField path `group:"Events of other systems:" placeholder:"PATH" help:"Where the time is. (default: timestamp)"`
	AmountField    path `group:"Events of other systems:" placeholder:"PATH" help:"Where the amount of a purchase is. (default: amount)"`

	Purchase    []string `group:"Events of other systems:" placeholder:"NAME" help:"Event types that are purchases; * for all events. (default: purchase)"`
	NoEventType bool     `group:"Events of other systems:" help:"Events have no type."`

	TimeFormat     []event.TimeFormat `group:"Events of other systems:" enum:"iso8601,sql,unix,unix-ms,unix-us,unix-ns" placeholder:"FORM" help:"How times are written: ${enum}; several are accepted. (default: iso8601)"`
	ConvertOffsets bool               `group:"Events of other systems:" help:"Convert times with an offset to UTC, instead of rejecting them."`
	AssumeUTC      bool               `name:"assume-utc" group:"Events of other systems:" help:"Take times without a zone as UTC, instead of rejecting them."`
	TimeZone       string             `group:"Events of other systems:" placeholder:"ZONE" help:"Count the days of this time zone, such as Europe/Amsterdam. (default: UTC)"`

	QuotedNumbers bool       `group:"Events of other systems:" help:"Also take users, amounts and Unix times that are numbers in quotes."`
	MinorUnits    minorUnits `group:"Events of other systems:" placeholder:"N" help:"Amounts are in units of 10^-N: 2 for cents. (default: 0)"`
}

// schema is what the flags say.
func (f *schemaFlags) schema() (event.Schema, error) {
	schema, err := event.NewSchema(event.Form{
		UserIDField:    f.UserIDField.names,
		EventTypeField: f.EventTypeField.names,
		TimestampField: f.TimestampField.names,
		AmountField:    f.AmountField.names,
		Purchases:      f.Purchase,
		NoEventType:    f.NoEventType,
		TimeFormats:    f.TimeFormat,
		ConvertOffsets: f.ConvertOffsets,
		AssumeUTC:      f.AssumeUTC,
		TimeZone:       f.TimeZone,
		QuotedNumbers:  f.QuotedNumbers,
		MinorUnits:     int(f.MinorUnits),
	})
	if err != nil {
		return schema, usageError{err}
	}
	return schema, nil
}

// path is a path that may not be given.
type path struct{ names event.Path }

// UnmarshalText reads a path such as properties.revenue.
func (p *path) UnmarshalText(text []byte) error { return p.names.UnmarshalText(text) }

func (p path) String() string { return p.names.String() }

// minorUnits is a number of decimal places of a minor unit.
type minorUnits int

// UnmarshalText reads a number from 0 to 18.
func (n *minorUnits) UnmarshalText(text []byte) error {
	return parseInt((*int)(n), text, 0, 18)
}
