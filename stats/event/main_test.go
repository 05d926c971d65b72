package event

import (
	"testing"

	"dailystats/testdata/sampling"
)

func TestMain(m *testing.M) { sampling.Main(m, 30, 100) }
