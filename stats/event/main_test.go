package event

import (
	"os"
	"testing"

	"dailystats/testdata/sampling"
)

func TestMain(m *testing.M) {
	sampling.Checks(30, 100)
	os.Exit(m.Run())
}
