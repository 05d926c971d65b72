package pipeline

import (
	"sync"
	"time"

	"dailystats/stats/output/chart"
)

// course is how a run went: moments at equal distances, in memory that does not
// depend on how long it took.
type course struct {
	start   time.Time
	every   time.Duration
	moments []moment
}

type moment struct {
	seconds float64
	read    int64  // bytes
	memory  uint64 // bytes, the most so far
}

const (
	firstDistance = 20 * time.Millisecond
	mostMoments   = 512
)

// follow begins to note how the run goes, if that is wanted, until stop is called.
func (j *job) follow() (stop func()) {
	if j.Page == "" {
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
	c.moments = append(c.moments, moment{time.Since(c.start).Seconds(), p.BytesRead, peakMemory()})
}

// charts draws how fast the inputs were read, and what it took.
func (c *course) charts() []chart.Lines {
	var speed, memory []chart.Point
	for i, m := range c.moments {
		memory = append(memory, chart.Point{X: m.seconds, Y: float64(m.memory) / mib})
		if i > 0 && m.seconds > c.moments[i-1].seconds {
			before := c.moments[i-1]
			speed = append(speed, chart.Point{X: m.seconds, Y: float64(m.read-before.read) / 1e6 / (m.seconds - before.seconds)})
		}
	}
	seconds := chart.Axis{Label: "seconds", Tight: true}
	return []chart.Lines{
		{Title: "Input read, MB/s", X: seconds, Y: chart.Axis{Format: figureText}, Lines: []chart.Line{{Points: speed}}},
		{Title: "Peak memory so far, MiB", X: seconds, Y: chart.Axis{}, Lines: []chart.Line{{Points: memory}}},
	}
}
