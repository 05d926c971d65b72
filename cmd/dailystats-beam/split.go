package main

import (
	"context"

	"github.com/apache/beam/sdks/v2/go/pkg/beam/register"
)

func init() {
	register.DoFn3x1[context.Context, inputFile, func(byteRange), error](&splitFn{})
	register.Emitter1[byteRange]()
}

// inputFile is an input, by its number.
type inputFile struct {
	Number     int64
	Name, Path string
	Size       int64
}

// byteRange is the lines of a file that begin at an offset from From to before Until.
type byteRange struct {
	File        inputFile
	From, Until int64
}

// splitFn cuts files into ranges. An empty file is a range too, so that there is one
// in any case.
type splitFn struct {
	RangeSize int64 // bytes
}

func (f *splitFn) ProcessElement(_ context.Context, in inputFile, emit func(byteRange)) error {
	from := int64(0)
	for ; in.Size-from > f.RangeSize; from += f.RangeSize {
		emit(byteRange{in, from, from + f.RangeSize})
	}
	emit(byteRange{in, from, in.Size})
	return nil
}
