package main

import (
	"encoding/json"
	"fmt"
	"os"
	"time"

	"cosmossdk.io/math"
	cmttypes "github.com/cometbft/cometbft/types"
	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	cryptocodec "github.com/cosmos/cosmos-sdk/crypto/codec"
	sdk "github.com/cosmos/cosmos-sdk/types"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"
	distrtypes "github.com/cosmos/cosmos-sdk/x/distribution/types"
	minttypes "github.com/cosmos/cosmos-sdk/x/mint/types"
	slashingtypes "github.com/cosmos/cosmos-sdk/x/slashing/types"
	stakingtypes "github.com/cosmos/cosmos-sdk/x/staking/types"
)

// writeGenesis makes the genesis file of a chain that has none yet. A genesis in the future would make CometBFT sleep
// until then, so it is never later than now; a driven clock jumps to the wanted time with its second block.
func writeGenesis(file string, app *App, config *Config) error {
	if _, err := os.Stat(file); err == nil {
		return nil
	}
	state, err := genesisState(app, config)
	if err != nil {
		return err
	}
	text, err := json.Marshal(state)
	if err != nil {
		return err
	}
	started := config.GenesisTime
	if now := time.Now(); started.After(now) {
		started = now
	}
	doc := cmttypes.GenesisDoc{
		GenesisTime:     started.UTC(),
		ChainID:         config.ChainID,
		InitialHeight:   1,
		ConsensusParams: cmttypes.DefaultConsensusParams(),
		AppState:        text,
	}
	if err := doc.ValidateAndComplete(); err != nil {
		return err
	}
	return doc.SaveAs(file)
}

func genesisState(app *App, config *Config) (map[string]json.RawMessage, error) {
	state := app.DefaultGenesis()
	accounts, balances, err := purses(config)
	if err != nil {
		return nil, err
	}
	staked, err := stakes(config)
	if err != nil {
		return nil, err
	}
	pool := math.ZeroInt()
	for _, one := range staked.Validators {
		pool = pool.Add(one.Tokens)
	}
	// The seats start unbonded with their coins in that pool; the first block's state bonds them, hooks and all.
	balances = append(balances, banktypes.Balance{
		Address: authtypes.NewModuleAddress(stakingtypes.NotBondedPoolName).String(),
		Coins:   sdk.NewCoins(sdk.NewCoin(config.Denom, pool)),
	})
	packed, err := authtypes.PackAccounts(accounts)
	if err != nil {
		return nil, err
	}
	slashes, err := slashingParams(config)
	if err != nil {
		return nil, err
	}
	inflation, err := inflationState(config)
	if err != nil {
		return nil, err
	}
	tax, err := math.LegacyNewDecFromStr(config.Params.CommunityTax)
	if err != nil {
		return nil, err
	}
	rewards := distrtypes.DefaultGenesisState()
	rewards.Params.CommunityTax = tax
	state[authtypes.ModuleName] = app.cdc.MustMarshalJSON(&authtypes.GenesisState{Params: authtypes.DefaultParams(), Accounts: packed})
	state[banktypes.ModuleName] = app.cdc.MustMarshalJSON(&banktypes.GenesisState{
		Params:        banktypes.DefaultParams(),
		Balances:      banktypes.SanitizeGenesisBalances(balances),
		DenomMetadata: []banktypes.Metadata{},
	})
	state[distrtypes.ModuleName] = app.cdc.MustMarshalJSON(rewards)
	state[stakingtypes.ModuleName] = app.cdc.MustMarshalJSON(staked)
	state[slashingtypes.ModuleName] = app.cdc.MustMarshalJSON(&slashingtypes.GenesisState{Params: *slashes})
	state[minttypes.ModuleName] = app.cdc.MustMarshalJSON(inflation)
	return state, nil
}

func purses(config *Config) ([]authtypes.GenesisAccount, []banktypes.Balance, error) {
	var accounts []authtypes.GenesisAccount
	var balances []banktypes.Balance
	for number, one := range config.Accounts {
		address, err := sdk.AccAddressFromBech32(one.Address)
		if err != nil {
			return nil, nil, fmt.Errorf("account %d: %w", number, err)
		}
		amount, ok := math.NewIntFromString(one.Atoms)
		if !ok {
			return nil, nil, fmt.Errorf("account %d holds no number of atoms", number)
		}
		accounts = append(accounts, authtypes.NewBaseAccount(address, nil, uint64(number), 0))
		balances = append(balances, banktypes.Balance{Address: one.Address, Coins: sdk.NewCoins(sdk.NewCoin(config.Denom, amount))})
	}
	return accounts, balances, nil
}

func stakes(config *Config) (*stakingtypes.GenesisState, error) {
	params := stakingtypes.DefaultParams()
	params.BondDenom = config.Denom
	params.UnbondingTime = time.Duration(config.Params.UnbondingSeconds) * time.Second
	params.MaxEntries = config.Params.MaxEntries
	params.MaxValidators = config.Params.MaxValidators
	params.MinCommissionRate = math.LegacyNewDecWithPrec(5, 2)
	state := stakingtypes.DefaultGenesisState()
	state.Params = params
	for _, one := range config.Validators {
		validator, err := newValidator(one, config.GenesisTime)
		if err != nil {
			return nil, fmt.Errorf("validator %q: %w", one.Moniker, err)
		}
		state.Validators = append(state.Validators, validator)
		state.Delegations = append(state.Delegations, stakingtypes.NewDelegation(one.Operator, validator.OperatorAddress, validator.DelegatorShares))
	}
	return state, nil
}

func newValidator(one Validator, at time.Time) (stakingtypes.Validator, error) {
	operator, err := sdk.AccAddressFromBech32(one.Operator)
	if err != nil {
		return stakingtypes.Validator{}, err
	}
	tokens, ok := math.NewIntFromString(one.SelfStake)
	if !ok {
		return stakingtypes.Validator{}, fmt.Errorf("its stake is no number of atoms")
	}
	rate, err := math.LegacyNewDecFromStr(one.Commission)
	if err != nil {
		return stakingtypes.Validator{}, err
	}
	key, err := cryptocodec.FromCmtPubKeyInterface(consensusKey(one.ConsensusSecret).PubKey())
	if err != nil {
		return stakingtypes.Validator{}, err
	}
	packed, err := codectypes.NewAnyWithValue(key)
	if err != nil {
		return stakingtypes.Validator{}, err
	}
	return stakingtypes.Validator{
		OperatorAddress: sdk.ValAddress(operator).String(),
		ConsensusPubkey: packed,
		Status:          stakingtypes.Unbonded,
		Tokens:          tokens,
		DelegatorShares: math.LegacyNewDecFromInt(tokens),
		Description:     stakingtypes.Description{Moniker: one.Moniker},
		Commission: stakingtypes.NewCommissionWithTime(rate, math.LegacyNewDecWithPrec(20, 2),
			math.LegacyNewDecWithPrec(5, 2), at.UTC()),
		MinSelfDelegation: math.OneInt(),
	}, nil
}

func slashingParams(config *Config) (*slashingtypes.Params, error) {
	params := slashingtypes.DefaultParams()
	params.SignedBlocksWindow = config.Params.SignedBlocksWindow
	params.DowntimeJailDuration = time.Duration(config.Params.DowntimeJailSeconds) * time.Second
	for text, into := range map[*string]*math.LegacyDec{
		&config.Params.MinSignedPerWindow: &params.MinSignedPerWindow,
		&config.Params.SlashDowntime:      &params.SlashFractionDowntime,
		&config.Params.SlashDoubleSign:    &params.SlashFractionDoubleSign,
	} {
		value, err := math.LegacyNewDecFromStr(*text)
		if err != nil {
			return nil, err
		}
		*into = value
	}
	return &params, nil
}

// inflationState holds inflation where it starts: the Hub's moves with the bonded ratio, a test wants a steady one.
func inflationState(config *Config) (*minttypes.GenesisState, error) {
	rate, err := math.LegacyNewDecFromStr(config.Params.Inflation)
	if err != nil {
		return nil, err
	}
	params := minttypes.DefaultParams()
	params.MintDenom = config.Denom
	params.InflationMin, params.InflationMax = rate, rate
	params.BlocksPerYear = config.Params.BlocksPerYear
	return &minttypes.GenesisState{Minter: minttypes.InitialMinter(rate), Params: params}, nil
}
