package pipeline

import (
	"sync"
	"time"

	"dailystats/stats/report"
)

// course is how a run went: moments at equal distances, in memory that does not
// depend on how long it took.
type course struct {
	start   time.Time
	every   time.Duration
	moments []report.Moment
}

const (
	firstDistance = 20 * time.Millisecond
	mostMoments   = 512
)

// follow begins to note how the run goes, if that is wanted, until stop is called.
func (j *job) follow() (stop func()) {
	if j.HTML == "" {
		return func() {}
	}
	j.course = &course{start: time.Now(), every: firstDistance}
	stopped := make(chan struct{})
	var done sync.WaitGroup
	done.Go(func() {
		for {
			j.course.add(j.progress())
			select {
			case <-time.After(j.course.every):
			case <-stopped:
				j.course.add(j.progress())
				return
			}
		}
	})
	return func() {
		close(stopped)
		done.Wait()
	}
}

func (c *course) add(p Progress) {
	if len(c.moments) == mostMoments { // every other one is enough
		for i := range mostMoments / 2 {
			c.moments[i] = c.moments[2*i]
		}
		c.moments = c.moments[:mostMoments/2]
		c.every *= 2
	}
	c.moments = append(c.moments, report.Moment{Seconds: time.Since(c.start).Seconds(), Read: p.BytesRead, Memory: peakMemory()})
}
