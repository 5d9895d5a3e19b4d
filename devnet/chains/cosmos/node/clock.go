package main

import (
	"sync"
	"time"
)

// clock is what the validators of the chain take for the time. CometBFT has no time of its own: the time of a block is
// the median of the times that the validators wrote into their votes for the block before (BFT time). With `driven`
// they read this clock, so a test can have a midnight in a second; without, they read the machine's.
//
// The rule has a consequence: the time of block h+1 is settled when block h is voted for. To have a block at time T,
// T has to be in the votes of the block before it.
type clock struct {
	mu     sync.Mutex
	driven bool
	// tick is how far an ordinary block moves the time on.
	tick time.Duration
	// planned are the times that the next heights' votes shall carry, ascending.
	planned []time.Time
	// last is the newest time any vote carries: the time of the block that comes next.
	last   time.Time
	height int64
	stamp  time.Time
}

// stampFor gives the time for the votes of one height, always the same for that height; false: take the machine's.
func (c *clock) stampFor(height int64) (time.Time, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.driven {
		return time.Time{}, false
	}
	if height == c.height {
		return c.stamp, true
	}
	stamp := c.last.Add(c.tick)
	if len(c.planned) > 0 {
		if c.planned[0].After(c.last) {
			stamp = c.planned[0]
		}
		c.planned = c.planned[1:]
	}
	c.height, c.stamp, c.last = height, stamp, stamp
	return stamp, true
}

// saw keeps the clock behind no vote: after a crash an older vote is signed again with its own time.
func (c *clock) saw(stamp time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if stamp.After(c.last) {
		c.last = stamp
	}
}

// plan sets the times of blocks to come and says how many blocks it takes until the last of them is there. Times that
// are not after the newest vote are left out.
func (c *clock) plan(times []time.Time) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.planned = nil
	for _, one := range times {
		if one.After(c.last) {
			c.planned = append(c.planned, one)
		}
	}
	// One more block than there are times: the first still has the time that was voted for before.
	return len(c.planned) + 1
}

// steps lists the block times from `from` (exclusive) to `to` (inclusive): every `step`, and one second before every
// UTC midnight, so that the last block of a day is close to its end as it is on a chain that never sleeps.
func steps(from, to time.Time, step time.Duration) []time.Time {
	var times []time.Time
	for at := from.Truncate(step).Add(step); at.Before(to); at = at.Add(step) {
		if before := at.Add(-time.Second); at.Equal(at.Truncate(24*time.Hour)) && before.After(from) {
			times = append(times, before)
		}
		times = append(times, at)
	}
	if before := to.Add(-time.Second); to.Equal(to.Truncate(24*time.Hour)) && before.After(from) {
		times = append(times, before)
	}
	return append(times, to)
}
