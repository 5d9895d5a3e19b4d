package main

import (
	"reflect"
	"sync"

	cstypes "github.com/cometbft/cometbft/consensus/types"
	"github.com/cometbft/cometbft/libs/log"
)

// gate is CometBFT's own ticker of timeouts, but for one of them: the timeout that opens a new height waits until
// somebody asks for a block. Consensus has a place for another ticker (State.SetTimeoutTicker); the timeout's type has
// no public name, so this one takes it as a type parameter.
type gate[T any] struct {
	start, stop func() error
	setLogger   func(log.Logger)
	channel     func() <-chan T
	schedule    func(T)

	mu   sync.Mutex
	held *T
}

func newGate[T any](start, stop func() error, setLogger func(log.Logger), channel func() <-chan T, schedule func(T)) *gate[T] {
	return &gate[T]{start: start, stop: stop, setLogger: setLogger, channel: channel, schedule: schedule}
}

func (g *gate[T]) Start() error                { return g.start() }
func (g *gate[T]) Stop() error                 { return g.stop() }
func (g *gate[T]) SetLogger(logger log.Logger) { g.setLogger(logger) }
func (g *gate[T]) Chan() <-chan T              { return g.channel() }

// ScheduleTimeout holds a new height back and passes everything else on.
func (g *gate[T]) ScheduleTimeout(timeout T) {
	if step := reflect.ValueOf(timeout).FieldByName("Step").Interface(); step == cstypes.RoundStepNewHeight {
		g.mu.Lock()
		g.held = &timeout
		g.mu.Unlock()
		return
	}
	g.schedule(timeout)
}

// open lets the held height begin; false: it is not held (yet).
func (g *gate[T]) open(height int64) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.held == nil || reflect.ValueOf(*g.held).FieldByName("Height").Int() != height {
		return false
	}
	g.schedule(*g.held)
	g.held = nil
	return true
}
