package main

import (
	"context"

	"cosmossdk.io/math"
	abci "github.com/cometbft/cometbft/abci/types"
	sdk "github.com/cosmos/cosmos-sdk/types"
)

// overABCI gives the SDK application the shape that CometBFT calls. One query is ours: the Hub's x/feemarket is not
// among our modules, and wallets of the Hub ask it for the gas price. It answers the node's fixed price.
type overABCI struct {
	*App
	gasPrice sdk.DecCoin
}

var _ abci.Application = overABCI{}

const gasPricePath = "/feemarket.feemarket.v1.Query/GasPrice"

func (a overABCI) Info(_ context.Context, req *abci.RequestInfo) (*abci.ResponseInfo, error) {
	return a.App.Info(req)
}

func (a overABCI) Query(ctx context.Context, req *abci.RequestQuery) (*abci.ResponseQuery, error) {
	if req.Path == gasPricePath {
		return a.answerGasPrice(req)
	}
	return a.App.Query(ctx, req)
}

// answerGasPrice encodes feemarket.v1.GasPriceResponse{price: DecCoin = 1} by hand: the module is not imported.
func (a overABCI) answerGasPrice(req *abci.RequestQuery) (*abci.ResponseQuery, error) {
	coin, err := a.gasPrice.Marshal()
	if err != nil {
		return nil, err
	}
	height := req.Height
	if height == 0 {
		height = a.LastBlockHeight()
	}
	return &abci.ResponseQuery{Height: height, Value: append([]byte{0x0a, byte(len(coin))}, coin...)}, nil
}

func (a overABCI) CheckTx(_ context.Context, req *abci.RequestCheckTx) (*abci.ResponseCheckTx, error) {
	return a.App.CheckTx(req)
}

func (a overABCI) InitChain(_ context.Context, req *abci.RequestInitChain) (*abci.ResponseInitChain, error) {
	return a.App.InitChain(req)
}

func (a overABCI) PrepareProposal(_ context.Context, req *abci.RequestPrepareProposal) (*abci.ResponsePrepareProposal, error) {
	return a.App.PrepareProposal(req)
}

func (a overABCI) ProcessProposal(_ context.Context, req *abci.RequestProcessProposal) (*abci.ResponseProcessProposal, error) {
	return a.App.ProcessProposal(req)
}

func (a overABCI) FinalizeBlock(_ context.Context, req *abci.RequestFinalizeBlock) (*abci.ResponseFinalizeBlock, error) {
	return a.App.FinalizeBlock(req)
}

func (a overABCI) ExtendVote(ctx context.Context, req *abci.RequestExtendVote) (*abci.ResponseExtendVote, error) {
	return a.App.ExtendVote(ctx, req)
}

func (a overABCI) VerifyVoteExtension(_ context.Context, req *abci.RequestVerifyVoteExtension) (*abci.ResponseVerifyVoteExtension, error) {
	return a.App.VerifyVoteExtension(req)
}

func (a overABCI) Commit(context.Context, *abci.RequestCommit) (*abci.ResponseCommit, error) {
	return a.App.Commit()
}

func (a overABCI) ListSnapshots(_ context.Context, req *abci.RequestListSnapshots) (*abci.ResponseListSnapshots, error) {
	return a.App.ListSnapshots(req)
}

func (a overABCI) OfferSnapshot(_ context.Context, req *abci.RequestOfferSnapshot) (*abci.ResponseOfferSnapshot, error) {
	return a.App.OfferSnapshot(req)
}

func (a overABCI) LoadSnapshotChunk(_ context.Context, req *abci.RequestLoadSnapshotChunk) (*abci.ResponseLoadSnapshotChunk, error) {
	return a.App.LoadSnapshotChunk(req)
}

func (a overABCI) ApplySnapshotChunk(_ context.Context, req *abci.RequestApplySnapshotChunk) (*abci.ResponseApplySnapshotChunk, error) {
	return a.App.ApplySnapshotChunk(req)
}

func priceOf(text string) (sdk.DecCoin, error) {
	coin, err := sdk.ParseDecCoin(text)
	if err == nil && coin.Amount.LT(math.LegacyZeroDec()) {
		return coin, errBadPrice
	}
	return coin, err
}
