package main

import (
	"testing"
	"time"
)

func at(text string) time.Time {
	when, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return when
}

func TestStepsLiveThroughEveryHourAndTheLastSecondOfADay(t *testing.T) {
	got := steps(at("2026-11-10T21:30:00Z"), at("2026-11-11T00:00:00Z"), time.Hour)
	want := []time.Time{
		at("2026-11-10T22:00:00Z"), at("2026-11-10T23:00:00Z"), at("2026-11-10T23:59:59Z"), at("2026-11-11T00:00:00Z"),
	}
	equal(t, got, want)
}

func TestStepsPassAMidnightOnTheWay(t *testing.T) {
	got := steps(at("2026-11-10T22:00:00Z"), at("2026-11-11T03:00:00Z"), 3*time.Hour)
	want := []time.Time{at("2026-11-10T23:59:59Z"), at("2026-11-11T00:00:00Z"), at("2026-11-11T03:00:00Z")}
	equal(t, got, want)
}

func TestStepsGoNeverBack(t *testing.T) {
	got := steps(at("2026-11-10T23:59:59Z"), at("2026-11-11T00:00:00Z"), time.Hour)
	equal(t, got, []time.Time{at("2026-11-11T00:00:00Z")})
}

func TestEveryVoteOfAHeightHasOneTimeAndHeightsMoveOn(t *testing.T) {
	start := at("2026-11-10T00:00:00Z")
	c := &clock{driven: true, tick: time.Second, last: start}
	first, _ := c.stampFor(7)
	again, _ := c.stampFor(7)
	if !first.Equal(again) || !first.Equal(start.Add(time.Second)) {
		t.Fatalf("height 7 has %s and %s", first, again)
	}
	// The block after next is at the planned time: the next one's was settled by the votes before.
	if blocks := c.plan([]time.Time{start, at("2026-11-11T00:00:00Z")}); blocks != 2 {
		t.Fatalf("%d blocks to a time that is in the next votes, and a time already past", blocks)
	}
	if next, _ := c.stampFor(8); !next.Equal(at("2026-11-11T00:00:00Z")) {
		t.Fatalf("height 8 has %s", next)
	}
	if later, _ := c.stampFor(9); !later.Equal(at("2026-11-11T00:00:01Z")) {
		t.Fatalf("height 9 has %s", later)
	}
}

func TestTheClockIsNeverBehindAVoteThatWasSeen(t *testing.T) {
	c := &clock{driven: true, tick: time.Second, last: at("2026-11-10T00:00:00Z")}
	c.saw(at("2026-11-12T00:00:00Z"))
	c.saw(at("2026-11-11T00:00:00Z"))
	if next, _ := c.stampFor(2); !next.Equal(at("2026-11-12T00:00:01Z")) {
		t.Fatalf("it is %s", next)
	}
}

func TestWallTimeIsLeftToTheMachine(t *testing.T) {
	if _, driven := (&clock{}).stampFor(1); driven {
		t.Fatal("a clock that is not driven gave a time")
	}
}

func equal(t *testing.T, got, want []time.Time) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("got %v, want %v", got, want)
	}
	for i := range got {
		if !got[i].Equal(want[i]) {
			t.Fatalf("got %v, want %v", got, want)
		}
	}
}
