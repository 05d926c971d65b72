// Package input reads what the user named: files, folders, globs and standard
// input, plain or compressed, as blocks of whole lines. Memory is fixed,
// whatever the number of inputs, their size and the length of their lines.
//
// In the order of the data:
//
//	source.go    Source: arguments become files, each once
//	identity_*   what tells two files apart on this system
//	format.go    format: how an input is stored, by its first bytes
//	stored.go    stored: an input's bytes as they are stored, counted, interruptible
//	decode.go    decoder: stored bytes become text
//	xz.go        xzReader: the xz container
//	block.go     Block: whole lines, and the pool that blocks come from
//	cut.go       cutter: text becomes blocks; the longest lines
//	ahead.go     early: what of an input that is read ahead waits for its turn
//	order.go     order: which source is read next, and whose turn it is
//	lane.go      lane: a goroutine that does all that for one source after the other
//	reader.go    Reader: lanes side by side
package input
