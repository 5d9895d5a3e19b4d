package main

import (
	"encoding/json"
	"fmt"

	"cosmossdk.io/log"
	storetypes "cosmossdk.io/store/types"
	"cosmossdk.io/x/evidence"
	evidencekeeper "cosmossdk.io/x/evidence/keeper"
	evidencetypes "cosmossdk.io/x/evidence/types"
	"cosmossdk.io/x/tx/signing"
	abci "github.com/cometbft/cometbft/abci/types"
	dbm "github.com/cosmos/cosmos-db"
	"github.com/cosmos/cosmos-sdk/baseapp"
	"github.com/cosmos/cosmos-sdk/client"
	"github.com/cosmos/cosmos-sdk/client/grpc/cmtservice"
	"github.com/cosmos/cosmos-sdk/codec"
	"github.com/cosmos/cosmos-sdk/codec/address"
	codectypes "github.com/cosmos/cosmos-sdk/codec/types"
	"github.com/cosmos/cosmos-sdk/runtime"
	"github.com/cosmos/cosmos-sdk/std"
	sdk "github.com/cosmos/cosmos-sdk/types"
	"github.com/cosmos/cosmos-sdk/types/module"
	"github.com/cosmos/cosmos-sdk/x/auth"
	"github.com/cosmos/cosmos-sdk/x/auth/ante"
	authkeeper "github.com/cosmos/cosmos-sdk/x/auth/keeper"
	authtx "github.com/cosmos/cosmos-sdk/x/auth/tx"
	authtypes "github.com/cosmos/cosmos-sdk/x/auth/types"
	"github.com/cosmos/cosmos-sdk/x/bank"
	bankkeeper "github.com/cosmos/cosmos-sdk/x/bank/keeper"
	banktypes "github.com/cosmos/cosmos-sdk/x/bank/types"
	"github.com/cosmos/cosmos-sdk/x/consensus"
	consensuskeeper "github.com/cosmos/cosmos-sdk/x/consensus/keeper"
	consensustypes "github.com/cosmos/cosmos-sdk/x/consensus/types"
	distr "github.com/cosmos/cosmos-sdk/x/distribution"
	distrkeeper "github.com/cosmos/cosmos-sdk/x/distribution/keeper"
	distrtypes "github.com/cosmos/cosmos-sdk/x/distribution/types"
	"github.com/cosmos/cosmos-sdk/x/mint"
	mintkeeper "github.com/cosmos/cosmos-sdk/x/mint/keeper"
	minttypes "github.com/cosmos/cosmos-sdk/x/mint/types"
	"github.com/cosmos/cosmos-sdk/x/slashing"
	slashingkeeper "github.com/cosmos/cosmos-sdk/x/slashing/keeper"
	slashingtypes "github.com/cosmos/cosmos-sdk/x/slashing/types"
	"github.com/cosmos/cosmos-sdk/x/staking"
	stakingkeeper "github.com/cosmos/cosmos-sdk/x/staking/keeper"
	stakingtypes "github.com/cosmos/cosmos-sdk/x/staking/types"
	"github.com/cosmos/gogoproto/proto"
)

const prefix = "cosmos"

// moduleAccounts says what each module may do with coins, as the Hub grants it.
var moduleAccounts = map[string][]string{
	authtypes.FeeCollectorName:     nil,
	distrtypes.ModuleName:          nil,
	minttypes.ModuleName:           {authtypes.Minter},
	stakingtypes.BondedPoolName:    {authtypes.Burner, authtypes.Staking},
	stakingtypes.NotBondedPoolName: {authtypes.Burner, authtypes.Staking},
}

// App is a Cosmos SDK application of the modules that staking needs: accounts, coins, staking, rewards, slashing,
// evidence and inflation. Everything in it is the SDK's own code; only the wiring is ours.
type App struct {
	*baseapp.BaseApp
	cdc      codec.Codec
	registry codectypes.InterfaceRegistry
	modules  *module.Manager
}

// NewApp wires the modules over a database. `authority` may change every module's parameters by MsgUpdateParams: on
// the Hub that is governance, here a development key.
func NewApp(logger log.Logger, db dbm.DB, chainID, authority string, options ...func(*baseapp.BaseApp)) (*App, error) {
	registry, err := codectypes.NewInterfaceRegistryWithOptions(codectypes.InterfaceRegistryOptions{
		ProtoFiles: proto.HybridResolver,
		SigningOptions: signing.Options{
			AddressCodec:          address.NewBech32Codec(prefix),
			ValidatorAddressCodec: address.NewBech32Codec(prefix + "valoper"),
		},
	})
	if err != nil {
		return nil, err
	}
	cdc := codec.NewProtoCodec(registry)
	amino := codec.NewLegacyAmino()
	std.RegisterInterfaces(registry)
	std.RegisterLegacyAminoCodec(amino)
	txConfig := authtx.NewTxConfig(cdc, authtx.DefaultSignModes)

	options = append(options, baseapp.SetChainID(chainID))
	base := baseapp.NewBaseApp("soft-staking-cosmos", logger, db, txConfig.TxDecoder(), options...)
	base.SetVersion("devnet")
	base.SetInterfaceRegistry(registry)
	base.SetTxEncoder(txConfig.TxEncoder())
	app := &App{BaseApp: base, cdc: cdc, registry: registry}

	keys := storetypes.NewKVStoreKeys(authtypes.StoreKey, banktypes.StoreKey, stakingtypes.StoreKey, distrtypes.StoreKey,
		slashingtypes.StoreKey, minttypes.StoreKey, evidencetypes.StoreKey, consensustypes.StoreKey)
	accounts, err := app.wire(keys, amino, authority, logger)
	if err != nil {
		return nil, err
	}
	base.MountKVStores(keys)
	anteHandler, err := ante.NewAnteHandler(ante.HandlerOptions{
		AccountKeeper:   accounts.auth,
		BankKeeper:      accounts.bank,
		SignModeHandler: txConfig.SignModeHandler(),
		SigGasConsumer:  ante.DefaultSigVerificationGasConsumer,
	})
	if err != nil {
		return nil, err
	}
	base.SetAnteHandler(anteHandler)
	base.SetInitChainer(app.initChainer)
	base.SetPreBlocker(func(ctx sdk.Context, _ *abci.RequestFinalizeBlock) (*sdk.ResponsePreBlock, error) {
		return app.modules.PreBlock(ctx)
	})
	base.SetBeginBlocker(app.modules.BeginBlock)
	base.SetEndBlocker(app.modules.EndBlock)

	// Queries of the SDK's service packages: simulation, and blocks by gRPC path.
	context := client.Context{}.WithCodec(cdc).WithInterfaceRegistry(registry).WithTxConfig(txConfig).WithChainID(chainID)
	authtx.RegisterTxService(base.GRPCQueryRouter(), context, base.Simulate, registry)
	cmtservice.RegisterTendermintService(context, base.GRPCQueryRouter(), registry, base.Query)
	return app, base.LoadLatestVersion()
}

type moneyKeepers struct {
	auth authkeeper.AccountKeeper
	bank bankkeeper.BaseKeeper
}

// wire makes the keepers, the hooks between them and the order in which modules act in a block.
func (app *App) wire(keys map[string]*storetypes.KVStoreKey, amino *codec.LegacyAmino, authority string, logger log.Logger) (moneyKeepers, error) {
	cdc := app.cdc
	key := func(name string) *storetypes.KVStoreKey { return keys[name] }
	operators, consensusAddresses := address.NewBech32Codec(prefix+"valoper"), address.NewBech32Codec(prefix+"valcons")

	consensusKeeper := consensuskeeper.NewKeeper(cdc, runtime.NewKVStoreService(key(consensustypes.StoreKey)), authority, runtime.EventService{})
	app.SetParamStore(consensusKeeper.ParamsStore)
	accounts := authkeeper.NewAccountKeeper(cdc, runtime.NewKVStoreService(key(authtypes.StoreKey)), authtypes.ProtoBaseAccount,
		moduleAccounts, address.NewBech32Codec(prefix), prefix, authority)
	blocked := map[string]bool{}
	for name := range moduleAccounts {
		blocked[authtypes.NewModuleAddress(name).String()] = true
	}
	coins := bankkeeper.NewBaseKeeper(cdc, runtime.NewKVStoreService(key(banktypes.StoreKey)), accounts, blocked, authority, logger)
	stakes := stakingkeeper.NewKeeper(cdc, runtime.NewKVStoreService(key(stakingtypes.StoreKey)), accounts, coins, authority, operators, consensusAddresses)
	inflation := mintkeeper.NewKeeper(cdc, runtime.NewKVStoreService(key(minttypes.StoreKey)), stakes, accounts, coins, authtypes.FeeCollectorName, authority)
	rewards := distrkeeper.NewKeeper(cdc, runtime.NewKVStoreService(key(distrtypes.StoreKey)), accounts, coins, stakes, authtypes.FeeCollectorName, authority)
	slashes := slashingkeeper.NewKeeper(cdc, amino, runtime.NewKVStoreService(key(slashingtypes.StoreKey)), stakes, authority)
	faults := evidencekeeper.NewKeeper(cdc, runtime.NewKVStoreService(key(evidencetypes.StoreKey)), stakes, slashes,
		accounts.AddressCodec(), runtime.ProvideCometInfoService())
	stakes.SetHooks(stakingtypes.NewMultiStakingHooks(rewards.Hooks(), slashes.Hooks()))

	app.modules = module.NewManager(
		auth.NewAppModule(cdc, accounts, nil, nil),
		bank.NewAppModule(cdc, coins, accounts, nil),
		staking.NewAppModule(cdc, stakes, accounts, coins, nil),
		distr.NewAppModule(cdc, rewards, accounts, coins, stakes, nil),
		slashing.NewAppModule(cdc, slashes, accounts, coins, stakes, nil, app.registry),
		mint.NewAppModule(cdc, inflation, accounts, nil, nil),
		evidence.NewAppModule(*faults),
		consensus.NewAppModule(cdc, consensusKeeper),
	)
	app.modules.SetOrderPreBlockers(authtypes.ModuleName)
	app.modules.SetOrderBeginBlockers(minttypes.ModuleName, distrtypes.ModuleName, slashingtypes.ModuleName, evidencetypes.ModuleName, stakingtypes.ModuleName)
	app.modules.SetOrderEndBlockers(stakingtypes.ModuleName)
	// Rewards come before stakes: a delegation of the genesis starts its reward period when it is made.
	app.modules.SetOrderInitGenesis(genesisOrder...)
	for _, one := range app.modules.Modules {
		if basic, ok := one.(interface {
			RegisterInterfaces(codectypes.InterfaceRegistry)
		}); ok {
			basic.RegisterInterfaces(app.registry)
		}
	}
	configurator := module.NewConfigurator(cdc, app.MsgServiceRouter(), app.GRPCQueryRouter())
	return moneyKeepers{accounts, coins}, app.modules.RegisterServices(configurator)
}

var genesisOrder = []string{
	authtypes.ModuleName, banktypes.ModuleName, distrtypes.ModuleName, stakingtypes.ModuleName,
	slashingtypes.ModuleName, minttypes.ModuleName, evidencetypes.ModuleName, consensustypes.ModuleName,
}

func (app *App) initChainer(ctx sdk.Context, req *abci.RequestInitChain) (*abci.ResponseInitChain, error) {
	var state map[string]json.RawMessage
	if err := json.Unmarshal(req.AppStateBytes, &state); err != nil {
		return nil, fmt.Errorf("the genesis has no application state that can be read: %w", err)
	}
	return app.modules.InitGenesis(ctx, app.cdc, state)
}

// DefaultGenesis is what the modules would start from by themselves.
func (app *App) DefaultGenesis() map[string]json.RawMessage {
	state := map[string]json.RawMessage{}
	for name, one := range app.modules.Modules {
		if basic, ok := one.(module.HasGenesisBasics); ok {
			state[name] = basic.DefaultGenesis(app.cdc)
		}
	}
	return state
}
