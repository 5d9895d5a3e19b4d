package main

import (
	"testing"
	"time"

	cstypes "github.com/cometbft/cometbft/consensus/types"
	"github.com/cometbft/cometbft/libs/log"
)

type timeout struct {
	Duration time.Duration
	Height   int64
	Round    int32
	Step     cstypes.RoundStepType
}

func TestTheGateHoldsNewHeightsOnly(t *testing.T) {
	var passed []timeout
	nothing := func() error { return nil }
	g := newGate(nothing, nothing, func(log.Logger) {}, func() <-chan timeout { return nil },
		func(one timeout) { passed = append(passed, one) })
	g.ScheduleTimeout(timeout{Height: 5, Step: cstypes.RoundStepPropose})
	g.ScheduleTimeout(timeout{Height: 6, Step: cstypes.RoundStepNewHeight})
	if len(passed) != 1 || passed[0].Step != cstypes.RoundStepPropose {
		t.Fatalf("passed %v", passed)
	}
	if g.open(5) || g.open(7) {
		t.Fatal("it opened a height that it does not hold")
	}
	if !g.open(6) || len(passed) != 2 || passed[1].Height != 6 {
		t.Fatalf("it did not open height 6: %v", passed)
	}
	if g.open(6) {
		t.Fatal("it opened a height twice")
	}
}
