package pipeline_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"runtime/debug"
	"strings"

	"dailystats/stats/pipeline"
)

func ExampleRun() {
	report, err := pipeline.Run(context.Background(), pipeline.Options{
		Inputs: []string{"-"},
		Stdin: strings.NewReader(`{"user_id": 7, "event_type": "purchase", "timestamp": "2024-01-15T10:30:00Z", "amount": 19.99}
{"user_id": 7, "event_type": "login", "timestamp": "2024-01-15T10:31:00Z"}
{"user_id": 7, "event_type": "login", "timestamp": "yesterday"}
`),
		Output: "-",
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(report.Events, "events,", report.Invalid, "invalid:", report.InvalidByCode)
	// Output:
	// date,user_id,event_count,purchase_count,total_revenue
	// 2024-01-15,7,2,1,19.99
	// 2 events, 1 invalid: map[timestamp_invalid:1]
}

func ExampleRun_file() {
	defer enterTemporaryFolder()()
	ctx := context.Background()
	event := `{"user_id": 7, "event_type": "login", "timestamp": "2024-01-15T10:31:00Z"}`
	os.WriteFile("events.jsonl", []byte(event), 0o600)

	report, err := pipeline.Run(ctx, pipeline.Options{
		Inputs: []string{"events.jsonl"},
		Output: "daily_user_stats.csv",
	})
	if err != nil {
		log.Fatal(err)
	}
	result, _ := os.ReadFile("daily_user_stats.csv")
	fmt.Printf("%d event\n%s", report.Events, result)
	// Output:
	// 1 event
	// date,user_id,event_count,purchase_count,total_revenue
	// 2024-01-15,7,1,0,0.00
}

// enterTemporaryFolder makes a new folder the working one, until it is left.
func enterTemporaryFolder() (leave func()) {
	old, _ := os.Getwd()
	dir, _ := os.MkdirTemp("", "dailystats-example-")
	os.Chdir(dir)
	return func() {
		os.Chdir(old)
		os.RemoveAll(dir)
	}
}

func ExampleObserver() {
	observer := pipeline.Observer{
		AppendInvalid: func(dst []byte, e pipeline.Invalid) []byte {
			return fmt.Appendf(dst, "%s:%d: %s\n", e.Input, e.Line, e.Fault.Message())
		},
		WriteInvalid: func(rendered []byte) error {
			_, err := os.Stdout.Write(rendered)
			return err
		},
	}
	_, err := pipeline.Run(context.Background(), pipeline.Options{
		Inputs: []string{"-"},
		Stdin: strings.NewReader(`{"user_id": 7, "event_type": "login", "timestamp": "2024-01-15T10:30:00Z"}
{"user_id": 7, "event_type": "login", "timestamp": "yesterday"}`),
		Observer: observer,
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// -:2: timestamp "yesterday" is not an ISO 8601 date and time
}

func ExampleHeapLimit() {
	old := debug.SetMemoryLimit(-1)
	debug.SetMemoryLimit(pipeline.HeapLimit(pipeline.DefaultMemory, pipeline.DefaultProgram))
	fmt.Println(debug.SetMemoryLimit(old) < pipeline.DefaultMemory)
	// Output: true
}

func ExampleMerge() {
	const header = "date,user_id,event_count,purchase_count,total_revenue\n"
	os.WriteFile("monday.csv", []byte(header+"2024-01-15,7,2,1,19.99\n"), 0o600)
	defer os.Remove("monday.csv")
	_, err := pipeline.Merge(context.Background(), pipeline.MergeOptions{
		Inputs: []string{"monday.csv", "-"},
		Stdin:  strings.NewReader(header + "2024-01-15,7,1,1,0.01\n2024-01-16,8,1,0,0.00\n"),
		Output: "-",
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// date,user_id,event_count,purchase_count,total_revenue
	// 2024-01-15,7,3,2,20.00
	// 2024-01-16,8,1,0,0.00
}
