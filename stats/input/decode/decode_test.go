package decode

import "testing"

// TestDecoderPanics proves that a decoder's panic is an error of the data.
func TestDecoderPanics(t *testing.T) {
	d := decoder{format: Xz, text: panicking{}}
	for range 2 {
		_, err := d.Read(make([]byte, 1))
		if err == nil || err.Error() != "damaged xz data: the decoder failed: index out of range" {
			t.Errorf("error %v", err)
		}
	}
}

type panicking struct{}

func (panicking) Read([]byte) (int, error) { panic("index out of range") }
