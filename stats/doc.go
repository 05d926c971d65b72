// Package stats is the vocabulary of dailystats: what an event is projected
// to, what is added up, and by which key.
//
// In the order of the data:
//
//   - day.go: [Day], a calendar day in UTC.
//   - amount.go: [Amount], an exact decimal number; sum.go: its text read back.
//   - record.go: [Record], a valid event; [Key], what records are grouped
//     by; [Totals], what a group adds up to.
//
// The package is pure: it reads nothing and writes nothing.
package stats
