package main

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// producer opens one height after the other: on its own at a steady pace in wall time, on request in driven time.
type producer struct {
	chain *chain
	mu    sync.Mutex
}

const patience = 30 * time.Second

// block makes one block and returns when it is committed, executed and indexed.
func (p *producer) block(ctx context.Context) error {
	state := p.chain.state
	height := state.GetLastHeight() + 1
	deadline := time.Now().Add(patience)
	// A seat's vote that comes after the next height has begun counts as missed: wait for all of them a little.
	for wait := time.Now().Add(time.Second); !p.chain.seats.complete() && time.Now().Before(wait); {
		time.Sleep(time.Millisecond)
	}
	for !p.chain.open(height) {
		if err := p.pause(ctx, deadline, height); err != nil {
			return err
		}
	}
	for state.GetLastHeight() < height {
		if err := p.pause(ctx, deadline, height); err != nil {
			return err
		}
	}
	for {
		if indexed, err := p.chain.env.BlockIndexer.Has(height); err == nil && indexed && p.transactionsIndexed(height) {
			return nil
		}
		if err := p.pause(ctx, deadline, height); err != nil {
			return err
		}
	}
}

func (p *producer) transactionsIndexed(height int64) bool {
	block := p.chain.node.BlockStore().LoadBlock(height)
	if block == nil {
		return false
	}
	for _, tx := range block.Txs {
		if found, err := p.chain.env.TxIndexer.Get(tx.Hash()); err != nil || found == nil {
			return false
		}
	}
	return true
}

func (p *producer) pause(ctx context.Context, deadline time.Time, height int64) error {
	if time.Now().After(deadline) {
		return fmt.Errorf("block %d did not come within %s: %s", height, patience, p.chain.state.GetRoundState().StringShort())
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-p.chain.stop:
		return context.Canceled
	case <-time.After(time.Millisecond):
		return nil
	}
}

func (p *producer) blocks(ctx context.Context, count int) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for range count {
		if err := p.block(ctx); err != nil {
			return err
		}
	}
	return nil
}

// advance lives to a time: blocks on the way, the last one at that time. Already there: nothing happens.
func (p *producer) advance(ctx context.Context, to time.Time, step time.Duration) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	head := p.headTime()
	if !to.After(head) {
		return nil
	}
	for range p.chain.clock.plan(steps(head, to, step)) {
		if err := p.block(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (p *producer) headTime() time.Time {
	return p.chain.state.GetState().LastBlockTime
}

// live makes a block every `pace` until the chain stops.
func (p *producer) live(pace time.Duration, failed func(error)) {
	next := time.Now()
	for {
		if err := p.blocks(context.Background(), 1); err != nil {
			failed(err)
			return
		}
		next = next.Add(pace)
		if late := time.Since(next); late > 0 {
			next = next.Add(late)
		}
		select {
		case <-p.chain.stop:
			return
		case <-time.After(time.Until(next)):
		}
	}
}

// first sees to it that there is a block to read: an RPC without one answers with errors that no live chain gives.
func (p *producer) first() error {
	if p.chain.state.GetLastHeight() > 0 {
		return nil
	}
	return p.blocks(context.Background(), 2)
}
