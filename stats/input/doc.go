// Package input reads what the user named: files, folders, globs and standard
// input, plain or compressed (package decode), as blocks of whole lines. Memory is
// fixed, whatever the number of inputs, their size and the length of their lines.
//
// In the order of the data:
//
//	source.go    Source: one input; sources.go: a list of millions
//	expand.go    Expand: arguments become sources, each file once
//	url.go       what to do with a URL
//	pairs.go     pairs: files that are there plain and compressed
//	listing.go   listing: the files of folders and globs, in little memory
//	identity_*   fileSet: what tells two files apart on this system
//	stored.go    stored: an input's bytes as they are stored, counted, interruptible
//	need.go      Need: what it takes to read a source, by its first bytes
//	block.go     Block: whole lines, and the pool that blocks come from
//	cut.go       cutter: text becomes blocks; the longest lines
//	share.go     Share: a share of the sources
//	piece.go     Piece: standard input as a piece of a file
//	messages.go  Messages: a source that is no file; packer: messages become blocks
//	lane.go      lane: one goroutine that does all that, input by input
//	order.go     order: several lanes, and whose input's turn it is
//	ahead.go     early: what happens to an input before its turn
//	reader.go    Reader: all of it
//	small.go     ReadSmall: a file of settings, whole
//	text.go      Text: one input's text, beside those of others
package input
