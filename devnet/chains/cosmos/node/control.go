package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	sdk "github.com/cosmos/cosmos-sdk/types"
)

// control is the port of the developer: time, blocks, and validators that fail. No chain has such a port; it listens
// on loopback only, and what it causes is done by the chain's own rules.
type control struct {
	chain    *chain
	producer *producer
}

type command struct {
	Count  int   `json:"count"`
	ToMs   int64 `json:"toMs"`
	StepMs int64 `json:"stepMs"`
	Seat   int   `json:"seat"`
}

func (c *control) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /status", func(w http.ResponseWriter, _ *http.Request) { c.answer(w, nil) })
	mux.HandleFunc("POST /blocks", c.command(func(r *http.Request, it command) error {
		if it.Count < 1 || it.Count > 10_000 {
			return fmt.Errorf("count is 1 to 10000")
		}
		return c.driven(func() error { return c.producer.blocks(r.Context(), it.Count) })
	}))
	mux.HandleFunc("POST /advance", c.command(func(r *http.Request, it command) error {
		if it.StepMs < 1_000 {
			return fmt.Errorf("stepMs is 1000 or more")
		}
		return c.driven(func() error {
			return c.producer.advance(r.Context(), time.UnixMilli(it.ToMs).UTC(), time.Duration(it.StepMs)*time.Millisecond)
		})
	}))
	mux.HandleFunc("POST /seats/down", c.command(func(_ *http.Request, it command) error {
		return c.chain.seats.change(it.Seat, func(one *seat) { one.down = true })
	}))
	mux.HandleFunc("POST /seats/up", c.command(func(_ *http.Request, it command) error {
		return c.chain.seats.change(it.Seat, func(one *seat) { one.down = false })
	}))
	mux.HandleFunc("POST /seats/double-sign", c.command(func(_ *http.Request, it command) error {
		return c.chain.seats.change(it.Seat, func(one *seat) { one.twice = true })
	}))
	return mux
}

func (c *control) driven(run func() error) error {
	if !c.chain.config.Driven {
		return fmt.Errorf("this chain lives in wall time: its blocks come by themselves")
	}
	return run()
}

func (c *control) command(run func(*http.Request, command) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var it command
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 4096)).Decode(&it); err != nil {
			http.Error(w, "a command is a JSON object", http.StatusBadRequest)
			return
		}
		c.answer(w, run(r, it))
	}
}

type seatStatus struct {
	Number    int    `json:"number"`
	Moniker   string `json:"moniker"`
	Operator  string `json:"operator"`
	Consensus string `json:"consensus"`
	Down      bool   `json:"down"`
}

func (c *control) answer(w http.ResponseWriter, failure error) {
	w.Header().Set("content-type", "application/json")
	if failure != nil {
		w.WriteHeader(http.StatusConflict)
		_ = json.NewEncoder(w).Encode(map[string]string{"error": failure.Error()})
		return
	}
	state := c.chain.state.GetState()
	_ = json.NewEncoder(w).Encode(map[string]any{
		"chainId": state.ChainID,
		"driven":  c.chain.config.Driven,
		"height":  state.LastBlockHeight,
		"timeMs":  state.LastBlockTime.UnixMilli(),
		"seats":   c.seats(),
	})
}

func (c *control) seats() []seatStatus {
	all := c.chain.seats
	all.mu.Lock()
	defer all.mu.Unlock()
	var found []seatStatus
	for number, one := range all.all {
		operator, err := sdk.AccAddressFromBech32(c.chain.config.Validators[number].Operator)
		if err != nil {
			continue
		}
		found = append(found, seatStatus{
			Number: number, Moniker: one.moniker, Down: one.down,
			Operator: sdk.ValAddress(operator).String(), Consensus: sdk.ConsAddress(one.address()).String(),
		})
	}
	return found
}
