package main

import "dailystats/stats/input"

// pieceFlags say what standard input is a piece of, where another program reads a
// file and gives it on, such as cmd/dailystats-spark.
type pieceFlags struct {
	InputName   string      `group:"Standard input:" placeholder:"NAME" help:"Name of standard input in the log and the rejects, such as the file that it is read from."`
	InputOffset *fileOffset `group:"Standard input:" placeholder:"BYTE" help:"Where in that file standard input begins: lines are named by their offset in the file, not by their number."`
	InputRange  input.Range `group:"Standard input:" placeholder:"FROM:UNTIL" help:"Read the lines that begin at byte FROM of that file or later, and before byte UNTIL; standard input must begin at byte FROM-1 or before."`
}

func (f *pieceFlags) piece() input.Piece {
	p := input.Piece{Name: f.InputName, Range: f.InputRange, ByOffset: f.InputOffset != nil || f.InputRange != input.Range{}}
	if f.InputOffset != nil {
		p.Offset = int64(*f.InputOffset)
	}
	return p
}

// fileOffset is a number of bytes, from 0.
type fileOffset int64

// UnmarshalText reads a number from 0.
func (o *fileOffset) UnmarshalText(text []byte) error {
	var n int
	err := parseInt(&n, text, 0, maxSize)
	*o = fileOffset(n)
	return err
}
