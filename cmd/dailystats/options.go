package main

import "regexp"

// flagOf has the flag of each option that errors and warnings of other packages name.
var flagOf = map[string]string{
	"Form.AmountField":    "--amount-field",
	"Form.AssumeUTC":      "--assume-utc",
	"Form.ConvertOffsets": "--convert-offsets",
	"Form.EventTypeField": "--event-type-field",
	"Form.MinorUnits":     "--minor-units",
	"Form.NoEventType":    "--no-event-type",
	"Form.Purchases":      "--purchase",
	"Form.QuotedNumbers":  "--quoted-numbers",
	"Form.TimeFormats":    "--time-format",
	"Form.TimeZone":       "--time-zone",
	"Form.TimestampField": "--timestamp-field",
	"Form.UserIDField":    "--user-id-field",
	"Options.Commit":      "--commit",
	"Options.MaxInvalid":  "--max-invalid",
	"Options.MaxLine":     "--max-line",
	"Options.Memory":      "--memory",
	"Options.MinEvents":   "--min-events",
	"Options.Parallel":    "--parallel",
	"Options.Share":       "--shard",
	"Options.State":       "--state",
	"Options.TempDir":     "--temp-dir",
	"Options.WarnInvalid": "--warn-invalid",
	"Settings.File":       "--kafka-config",
	"Settings.Timeout":    "--kafka-timeout",
}

var optionName = regexp.MustCompile(`\b(Form|Options|Settings)\.[A-Z]\w*`)

// forUser returns an error or a warning as the user is told of it: on one line, and with
// flags in place of options.
func forUser(text string) string {
	return oneLine(optionName.ReplaceAllStringFunc(text, func(option string) string {
		if flag, ok := flagOf[option]; ok {
			return flag
		}
		return option
	}))
}
