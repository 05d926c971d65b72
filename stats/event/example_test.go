package event_test

import (
	"fmt"

	"dailystats/stats/event"
)

func ExampleSchema_Plain() {
	record, fault := event.Schema{}.Plain([]byte(`{"user_id": 7, "event_type": "purchase", "timestamp": "2024-01-15T10:30:00Z", "amount": 19.99}`))
	fmt.Println(record.Key.Day, record.Key.User, record.Amount, fault)

	_, fault = event.Schema{}.Plain([]byte(`{"user_id": "7", "event_type": "login", "timestamp": "2024-01-15 10:30:00Z"}`))
	fmt.Println(fault.Rules.Codes())
	fmt.Println(fault.Message())
	// Output:
	// 2024-01-15 7 19.99 <nil>
	// [user_id_not_integer timestamp_invalid]
	// user_id "7" is not an integer; timestamp "2024-01-15 10:30:00Z" has a space where ISO 8601 has a T
}

func ExampleReader() {
	var r event.Reader
	text := []byte(`{"user_id": 7, "event_type": "login", "timestamp": "2024-01-15T10:30:00Z"}
{"user_id": "7"}
`)
	record, size, kind := r.Next(text)
	fmt.Println(record.Key.Day, record.Key.User, kind == event.Valid)

	_, _, kind = r.Next(text[size:])
	fmt.Println(kind == event.Invalid, r.Fault().Message())
	// Output:
	// 2024-01-15 7 true
	// true user_id "7" is not an integer; event_type is missing; timestamp is missing
}
