package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"
)

var errBadPrice = errors.New("a gas price is not negative")

// Config is the whole description of a local chain. The starter in TypeScript writes it; the node keeps no defaults
// of its own, so that one file says what the chain is.
type Config struct {
	ChainID     string    `json:"chainId"`
	GenesisTime time.Time `json:"genesisTime"`
	// Driven: the validators' clock is set by the control port and blocks come when asked for. Else: wall time, and a
	// block every BlockMs.
	Driven  bool  `json:"driven"`
	BlockMs int64 `json:"blockMs"`
	// TickMs is how far one block moves a driven clock on.
	TickMs   int64  `json:"tickMs"`
	Denom    string `json:"denom"`
	GasPrice string `json:"gasPrice"`
	// KeepRecent is how many old states are kept; 0 keeps all.
	KeepRecent uint64 `json:"keepRecent"`
	// Authority may change parameters by MsgUpdateParams.
	Authority  string      `json:"authority"`
	Accounts   []Account   `json:"accounts"`
	Validators []Validator `json:"validators"`
	Params     Params      `json:"params"`
}

// Account starts with liquid coins.
type Account struct {
	Address string `json:"address"`
	Atoms   string `json:"atoms"`
}

// Validator starts bonded by its operator's own stake. The first one leads.
type Validator struct {
	Moniker         string `json:"moniker"`
	Operator        string `json:"operator"`
	ConsensusSecret string `json:"consensusSecret"`
	SelfStake       string `json:"selfStake"`
	Commission      string `json:"commission"`
}

// Params are the numbers that governance sets on the Hub; decimals as text.
type Params struct {
	UnbondingSeconds    int64  `json:"unbondingSeconds"`
	MaxEntries          uint32 `json:"maxEntries"`
	MaxValidators       uint32 `json:"maxValidators"`
	SignedBlocksWindow  int64  `json:"signedBlocksWindow"`
	MinSignedPerWindow  string `json:"minSignedPerWindow"`
	DowntimeJailSeconds int64  `json:"downtimeJailSeconds"`
	SlashDowntime       string `json:"slashDowntime"`
	SlashDoubleSign     string `json:"slashDoubleSign"`
	Inflation           string `json:"inflation"`
	BlocksPerYear       uint64 `json:"blocksPerYear"`
	CommunityTax        string `json:"communityTax"`
}

func readConfig(file string) (*Config, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var config Config
	if err := json.Unmarshal(text, &config); err != nil {
		return nil, fmt.Errorf("%s is no configuration of a local chain: %w", file, err)
	}
	if len(config.Validators) == 0 || config.ChainID == "" {
		return nil, fmt.Errorf("%s names no chain id or no validator", file)
	}
	return &config, nil
}
