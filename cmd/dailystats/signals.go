package main

import (
	"context"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"time"
)

// A signal to stop ends the process within a second, whatever it waits for:
//
//	0      the run's context ends: temporary files lose their names, and what
//	       waits for a pipe gives up
//	0.2 s  what tells of the end gives up, too
//	0.4 s  the process exits, be the run through or not
//
// A second signal has it exit at once, when temporary files are removed.
const (
	lastWords   = 200 * time.Millisecond
	patience    = 400 * time.Millisecond
	afterSecond = 100 * time.Millisecond

	longestCritical     = 5 * time.Second // see session.critical
	criticalAfterSecond = 400 * time.Millisecond
)

// signalError is the cause of a context that a signal has ended.
type signalError struct{ signal syscall.Signal }

func (e signalError) Error() string { return "stopped: " + e.signal.String() }

// session is one execution of the command: how it is stopped, and what it tells.
type session struct {
	ctx    context.Context  // ends with the first signal to stop
	late   context.Context  // ends a little later: what tells of the end is given up
	over   chan signalError // gets the signal that the process has to exit with, now
	stderr *sharedWriter    // standard error, given up when late ends
	told   atomic.Bool      // the user has been told of a failure
	asJSON bool             // failures are told as entries of a JSON log

	// critical says that files are being put in their places, or that many are being
	// removed: neither is cut off halfway, unless it takes very long.
	critical atomic.Bool
}

// newSession begins to listen to signals. Writing to a closed pipe becomes an error
// like any other.
func newSession() *session {
	s := &session{over: make(chan signalError, 1)}
	ctx, stop := context.WithCancelCause(context.Background())
	late, silence := context.WithCancelCause(context.Background())
	s.ctx, s.late = ctx, late
	s.stderr = newSharedWriter(s.late, os.Stderr)
	signals := []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGQUIT}
	if !signal.Ignored(syscall.SIGHUP) { // as nohup has it
		signals = append(signals, syscall.SIGHUP)
	}
	received := make(chan os.Signal, 8)
	signal.Notify(received, signals...)
	signal.Ignore(syscall.SIGPIPE) // last: tests take it for a sign that we listen
	go s.obey(received, stop, silence)
	return s
}

// obey ends the session when signals say so: with stop its context, and with silence
// the one that ends later.
func (s *session) obey(received <-chan os.Signal, stop, silence context.CancelCauseFunc) {
	first := <-received
	start := time.Now()
	cause := s.take(first)
	last := cause
	stop(cause)
	time.AfterFunc(lastWords-time.Since(start), func() { silence(cause) })
	exit := time.NewTimer(patience - time.Since(start))
	latest := start.Add(longestCritical)
	for {
		select {
		case next := <-received:
			last = s.take(next)
			exit.Reset(afterSecond)
			latest = time.Now().Add(criticalAfterSecond)
		case <-exit.C:
			if s.critical.Load() && time.Now().Before(latest) {
				exit.Reset(afterSecond)
				continue
			}
			s.over <- last
			return
		}
	}
}

// take returns a signal as an error, and does what it asks for beside stopping.
func (s *session) take(received os.Signal) signalError {
	if received == syscall.SIGQUIT {
		writeBriefly(os.Stderr, trace())
	}
	return signalError{received.(syscall.Signal)}
}
