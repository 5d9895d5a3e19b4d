package main

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	sdklog "cosmossdk.io/log"
	pruningtypes "cosmossdk.io/store/pruning/types"
	cfg "github.com/cometbft/cometbft/config"
	"github.com/cometbft/cometbft/consensus"
	cmtlog "github.com/cometbft/cometbft/libs/log"
	"github.com/cometbft/cometbft/node"
	"github.com/cometbft/cometbft/p2p"
	"github.com/cometbft/cometbft/privval"
	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	"github.com/cometbft/cometbft/proxy"
	rpccore "github.com/cometbft/cometbft/rpc/core"
	dbm "github.com/cosmos/cosmos-db"
	"github.com/cosmos/cosmos-sdk/baseapp"
)

// chain is one running node: CometBFT's consensus, mempool, indexer and RPC over the SDK application.
type chain struct {
	config *Config
	app    *App
	node   *node.Node
	env    *rpccore.Environment
	state  *consensus.State
	clock  *clock
	seats  *seats
	open   func(height int64) bool
	stop   chan struct{}
}

// startChain opens the chain under `home`, makes its genesis if there is none, and runs it.
func startChain(home, rpc string, config *Config) (*chain, error) {
	for _, folder := range []string{"config", "data"} {
		if err := os.MkdirAll(filepath.Join(home, folder), 0o755); err != nil {
			return nil, err
		}
	}
	app, err := openApp(home, config)
	if err != nil {
		return nil, err
	}
	settings := settingsOf(home, rpc, config)
	if err := writeGenesis(settings.GenesisFile(), app, config); err != nil {
		return nil, err
	}
	c := &chain{config: config, app: app, stop: make(chan struct{}), clock: &clock{
		driven: config.Driven, tick: time.Duration(config.TickMs) * time.Millisecond,
	}}
	signed := make(chan cmtproto.Vote, 1024)
	if err := c.assemble(settings, signed); err != nil {
		return nil, err
	}
	if err := c.readClock(); err != nil {
		return nil, err
	}
	go c.seats.follow(signed, c.stop)
	return c, c.node.Start()
}

func openApp(home string, config *Config) (*App, error) {
	db, err := dbm.NewGoLevelDB("application", filepath.Join(home, "data"), nil)
	if err != nil {
		return nil, fmt.Errorf("the state under %s is in use or broken: %w", home, err)
	}
	pruning := pruningtypes.NewPruningOptions(pruningtypes.PruningNothing)
	if config.KeepRecent > 0 {
		pruning = pruningtypes.NewCustomPruningOptions(config.KeepRecent, 10)
	}
	return NewApp(sdklog.NewNopLogger(), db, config.ChainID, config.Authority,
		baseapp.SetPruning(pruning), baseapp.SetMinGasPrices(config.GasPrice))
}

func settingsOf(home, rpc string, config *Config) *cfg.Config {
	settings := cfg.DefaultConfig()
	settings.SetRoot(home)
	settings.Moniker = config.Validators[0].Moniker
	settings.RPC.ListenAddress = "tcp://" + rpc
	settings.P2P.ListenAddress = "tcp://127.0.0.1:0"
	settings.P2P.PexReactor = false
	settings.P2P.AddrBookStrict = false
	// Heights begin when the producer says so (gate); these are the waits inside a height: a seat that does not
	// propose is passed over at once.
	settings.Consensus.TimeoutCommit = 0
	settings.Consensus.TimeoutPropose = 30 * time.Millisecond
	settings.Consensus.TimeoutProposeDelta = 10 * time.Millisecond
	settings.Consensus.TimeoutPrevote = 10 * time.Millisecond
	settings.Consensus.TimeoutPrecommit = 10 * time.Millisecond
	if config.Driven {
		// CometBFT refuses blocks that are more than a minute ahead of the machine's clock; a driven one may be years.
		settings.Consensus.BlockTimeTolerance = 100 * 365 * 24 * time.Hour
	}
	return settings
}

func (c *chain) assemble(settings *cfg.Config, signed chan cmtproto.Vote) error {
	c.seats = &seats{chainID: c.config.ChainID}
	for _, one := range c.config.Validators {
		c.seats.all = append(c.seats.all, &seat{moniker: one.Moniker, key: consensusKey(one.ConsensusSecret)})
	}
	lead, err := leadFile(settings, c.seats.all[0])
	if err != nil {
		return err
	}
	nodeKey, err := p2p.LoadOrGenNodeKey(settings.NodeKeyFile())
	if err != nil {
		return err
	}
	price, err := priceOf(c.config.GasPrice)
	if err != nil {
		return err
	}
	logger := cmtlog.NewFilter(cmtlog.NewTMLogger(cmtlog.NewSyncWriter(os.Stderr)), cmtlog.AllowError())
	c.node, err = node.NewNode(settings, &leadSigner{inner: lead, clock: c.clock, signed: signed}, nodeKey,
		proxy.NewLocalClientCreator(overABCI{App: c.app, gasPrice: price}),
		node.DefaultGenesisDocProviderFunc(settings), cfg.DefaultDBProvider,
		node.DefaultMetricsProvider(settings.Instrumentation), logger)
	if err != nil {
		return err
	}
	if c.env, err = c.node.ConfigureRPC(); err != nil {
		return err
	}
	state, ok := c.env.ConsensusState.(*consensus.State)
	if !ok {
		return fmt.Errorf("CometBFT's consensus state has another type than this program knows")
	}
	c.state, c.seats.state = state, state
	ticker := consensus.NewTimeoutTicker()
	held := newGate(ticker.Start, ticker.Stop, ticker.SetLogger, ticker.Chan, ticker.ScheduleTimeout)
	state.SetTimeoutTicker(held)
	c.open = held.open
	return nil
}

// leadFile is the leading seat's key with its memory of what it signed last, on disk: CometBFT's own guard against
// signing twice.
func leadFile(settings *cfg.Config, lead *seat) (*privval.FilePV, error) {
	keyFile, stateFile := settings.PrivValidatorKeyFile(), settings.PrivValidatorStateFile()
	if _, err := os.Stat(keyFile); err == nil {
		return privval.LoadFilePV(keyFile, stateFile), nil
	}
	file := privval.NewFilePV(lead.key, keyFile, stateFile)
	file.Save()
	return file, nil
}

// readClock takes up the clock where the stored votes left it.
func (c *chain) readClock() error {
	blocks := c.node.BlockStore()
	if blocks.Height() == 0 {
		c.clock.last = c.node.GenesisDoc().GenesisTime
		if c.config.GenesisTime.After(c.clock.last) {
			c.clock.planned = []time.Time{c.config.GenesisTime}
		}
		return nil
	}
	commit := blocks.LoadSeenCommit(blocks.Height())
	if commit == nil {
		return fmt.Errorf("the newest block has no votes")
	}
	for _, one := range commit.Signatures {
		c.clock.saw(one.Timestamp)
	}
	return nil
}

func (c *chain) close() error {
	close(c.stop)
	err := c.node.Stop()
	c.node.Wait()
	if closing := c.app.Close(); err == nil {
		err = closing
	}
	return err
}
