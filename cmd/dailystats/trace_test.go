package main

import "testing"

func TestGroupTrace(t *testing.T) {
	const trace = `goroutine 7 [chan receive, 2 minutes]:
main.wait(0xc000012345, 0x1)
	/src/wait.go:12 +0x2a
created by main.start in goroutine 1
	/src/start.go:3 +0x1

goroutine 1 [select]:
main.(*job).run(...)
	/src/job.go:1
main.main()
	/src/main.go:9 +0x11

goroutine 8 [chan receive, 2 minutes]:
main.wait(0xc000067890, 0x2)
	/src/wait.go:12 +0x2a
created by main.start in goroutine 5
	/src/start.go:3 +0x1
`
	const want = `2 × [chan receive, 2 minutes]:
main.wait
	/src/wait.go:12
created by main.start
	/src/start.go:3

1 × [select]:
main.(*job).run(...)
	/src/job.go:1
main.main()
	/src/main.go:9

`
	if got := groupTrace(trace); got != want {
		t.Errorf("it is %s", got)
	}
}
