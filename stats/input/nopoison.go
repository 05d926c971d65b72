//go:build !poison

package input

// poison does nothing: see the build tag poison.
func (b *Block) poison() {}
