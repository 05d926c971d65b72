package sorter_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"dailystats/sorter"
	"dailystats/stats"
)

// rows renders totals as a line each.
type rows struct{}

func (rows) End(dst []byte) []byte { return dst }

func (rows) Append(dst []byte, k stats.Key, t stats.Totals) []byte {
	return fmt.Appendf(dst, "%v user %d: %d events, %v\n", k.Day, k.User, t.Events, t.Revenue)
}

func Example() {
	ctx := context.Background()
	s := sorter.New(ctx, sorter.Config{TempDir: os.TempDir()})
	defer s.Close()

	run := s.NewRun(ctx)
	day, _ := stats.DateDay(2024, 1, 15)
	for _, r := range []stats.Record{
		{Key: stats.Key{Day: day, User: 8}},
		{Key: stats.Key{Day: day, User: 7}, Purchase: true, Amount: stats.NewAmount(19, 99e16)},
		{Key: stats.Key{Day: day, User: 7}, Purchase: true, Amount: stats.NewAmount(0, 1e16)},
	} {
		if err := run.Add(r); err != nil {
			log.Fatal(err)
		}
	}
	if err := run.Flush(); err != nil {
		log.Fatal(err)
	}
	count, err := s.Reduce(ctx, func() sorter.Renderer { return rows{} }, os.Stdout)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(count, "rows")
	// Output:
	// 2024-01-15 user 7: 2 events, 20.00
	// 2024-01-15 user 8: 1 events, 0.00
	// 2 rows
}
