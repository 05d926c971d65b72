package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// rooms are the packages, each with those of ours that it may import.
var rooms = map[string][]string{
	"dailystats/stats":              {},
	"dailystats/stats/event":        {"dailystats/stats"},
	"dailystats/stats/input":        {"dailystats/stats/await", "dailystats/stats/input/decode"},
	"dailystats/stats/input/decode": {},
	"dailystats/stats/input/kafka":  {"dailystats/stats/input", "dailystats/stats/input/decode"},
	"dailystats/stats/result":       {"dailystats/stats"},
	"dailystats/stats/output":       {"dailystats/stats/await"},
	"dailystats/stats/await":        {},
	"dailystats/stats/order":        {},
	"dailystats/stats/spill":        {},
	"dailystats/sorter":             {"dailystats/stats", "dailystats/stats/order", "dailystats/stats/spill"},
	"dailystats/stats/report":       {"dailystats/stats", "dailystats/stats/report/chart"},
	"dailystats/stats/report/chart": {},
	"dailystats/stats/pipeline":     {"dailystats/sorter", "dailystats/stats", "dailystats/stats/event", "dailystats/stats/input", "dailystats/stats/input/decode", "dailystats/stats/input/kafka", "dailystats/stats/order", "dailystats/stats/output", "dailystats/stats/report", "dailystats/stats/result", "dailystats/stats/spill"},
	"dailystats/bench":              {"dailystats/bench/workload", "dailystats/stats/event", "dailystats/stats/input", "dailystats/stats/output", "dailystats/stats/pipeline", "dailystats/stats/report", "dailystats/stats/report/chart", "dailystats/stats/result"},
	"dailystats/bench/workload":     {"dailystats/stats", "dailystats/stats/event", "dailystats/stats/output"},
	"dailystats/cmd/dailystats":     {"dailystats/stats/await", "dailystats/bench", "dailystats/bench/workload", "dailystats/stats", "dailystats/stats/event", "dailystats/stats/input", "dailystats/stats/input/kafka", "dailystats/stats/output", "dailystats/stats/pipeline", "dailystats/stats/report"},
}

// homes are the libraries, of github.com, that one package alone may import.
var homes = map[string]string{
	"twmb/franz-go":              "dailystats/stats/input/kafka",
	"lanrat/extsort":             "dailystats/sorter",
	"alecthomas/kong":            "dailystats/cmd/dailystats",
	"sirupsen/logrus":            "dailystats/cmd/dailystats",
	"schollz/progressbar/v3":     "dailystats/cmd/dailystats",
	"KimMachineGun/automemlimit": "dailystats/cmd/dailystats",
}

// TestLayers proves that the packages know each other in one direction only.
func TestLayers(t *testing.T) {
	out, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "dailystats/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		room, imports := strings.Fields(line)[0], strings.Fields(line)[1:]
		allowed, known := rooms[room]
		if !known {
			t.Errorf("%s is none of the rooms", room)
		}
		for _, path := range imports {
			if strings.HasPrefix(path, "dailystats/") && !slices.Contains(allowed, path) {
				t.Errorf("%s imports %s", room, path)
			}
			for library, home := range homes {
				if isWithin(path, "github.com/"+library) && room != home {
					t.Errorf("%s imports %s, which is for %s", room, path, home)
				}
			}
		}
	}
}

func isWithin(path, library string) bool {
	return path == library || strings.HasPrefix(path, library+"/")
}
