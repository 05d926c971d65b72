package bench

import (
	"encoding/json"
	"os"
	"path/filepath"

	"dailystats/stats/event"
)

// eventsVariable tells peers how events are written, where that is not the default.
const eventsVariable = "DAILYSTATS_BENCH_EVENTS"

// peerEvents is what they are told, as JSON.
type peerEvents struct {
	UserID    []string `json:"user_id"`
	EventType []string `json:"event_type"` // nil where there is none
	Timestamp []string `json:"timestamp"`
	Amount    []string `json:"amount"`

	Purchases      []string           `json:"purchases"` // "*" for all
	TimeFormats    []event.TimeFormat `json:"time_formats"`
	ConvertOffsets bool               `json:"convert_offsets"`
	AssumeUTC      bool               `json:"assume_utc"`
	TimeZone       string             `json:"time_zone"`
	QuotedNumbers  bool               `json:"quoted_numbers"`
	MinorUnits     int                `json:"minor_units"`
}

// schemaFile is a config file that says how events are written.
func (b *bench) schemaFile() string { return filepath.Join(b.dir, "events.json") }

// writeSchema writes down how events are written, for runs of ours and for peers.
func (b *bench) writeSchema() error {
	if b.Schema.IsZero() {
		return nil
	}
	settings, err := json.Marshal(b.Schema)
	if err != nil {
		return err
	}
	f, paths := b.Schema.Form(), b.Schema.Paths()
	e := peerEvents{
		UserID: paths[0], EventType: paths[1], Timestamp: paths[2], Amount: paths[3],
		Purchases: f.Purchases, TimeFormats: f.TimeFormats, ConvertOffsets: f.ConvertOffsets, AssumeUTC: f.AssumeUTC,
		TimeZone: f.TimeZone, QuotedNumbers: f.QuotedNumbers, MinorUnits: f.MinorUnits,
	}
	if e.Purchases == nil && !f.NoEventType {
		e.Purchases = []string{"purchase"}
	}
	if e.TimeFormats == nil {
		e.TimeFormats = []event.TimeFormat{event.ISO8601}
	}
	text, err := json.Marshal(e)
	if err != nil {
		return err
	}
	b.events = string(text)
	return os.WriteFile(b.schemaFile(), settings, 0o600)
}
