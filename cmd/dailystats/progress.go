package main

import (
	"os"
	"os/signal"
	"time"

	"dailystats/stats/pipeline"

	"github.com/sirupsen/logrus"
)

// tellEvery is how often the log says where a run stands, where there is no bar.
const tellEvery = 30 * time.Second

// follow shows a run's progress, from its start to its ending: as a bar where one
// is wanted, else in the log now and then, and there whenever a signal asks for it.
func (l *eventLog) follow(screen *terminal, progress func() pipeline.Progress) {
	start := time.Now()
	if screen.wantsBar {
		screen.showProgress(progress().Phase(), progress)
	}
	asked := make(chan os.Signal, 1)
	if len(statusSignals) > 0 {
		signal.Notify(asked, statusSignals...)
	}
	screen.done.Go(func() {
		defer signal.Stop(asked)
		tick := time.NewTicker(tellEvery)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				if !screen.wantsBar {
					l.progress(progress(), time.Since(start))
				}
			case <-asked:
				l.progress(progress(), time.Since(start))
			case <-screen.stop:
				return
			}
		}
	})
}

// progress logs where a run stands.
func (l *eventLog) progress(p pipeline.Progress, took time.Duration) {
	fields := logrus.Fields{
		"phase":      p.Phase(),
		"events":     p.Events,
		"bytes_read": p.BytesRead,
		"seconds":    took.Round(time.Millisecond).Seconds(),
	}
	if p.BytesTotal >= 0 {
		fields["bytes_total"] = p.BytesTotal
	}
	l.WithFields(fields).Info("progress")
}
