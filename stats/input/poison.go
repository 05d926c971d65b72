//go:build poison

package input

// poison overwrites what a block held, so that a use after its release shows. A block of
// which a part is to be replayed is not done with.
func (b *Block) poison() {
	if b.early != nil && b == b.early.rest {
		return
	}
	for i := range b.buf {
		b.buf[i] = 0xee
	}
}
