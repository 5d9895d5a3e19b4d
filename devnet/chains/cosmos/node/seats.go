package main

import (
	"crypto/rand"
	"fmt"
	"sync"

	"github.com/cometbft/cometbft/consensus"
	"github.com/cometbft/cometbft/crypto"
	"github.com/cometbft/cometbft/crypto/ed25519"
	"github.com/cometbft/cometbft/p2p"
	"github.com/cometbft/cometbft/privval"
	cmtproto "github.com/cometbft/cometbft/proto/tendermint/types"
	cmttypes "github.com/cometbft/cometbft/types"
)

// seat is one validator of the chain. The first seat leads: it runs consensus, proposes, and holds more than two
// thirds of the power, so that no other one can stop the chain. The others are further keys of this process that vote
// as it votes, over the way that votes of peers come in; each can be silenced and made to sign twice.
type seat struct {
	moniker string
	key     ed25519.PrivKey
	down    bool
	twice   bool
}

func (s *seat) address() crypto.Address { return s.key.PubKey().Address() }

// consensusKey derives a seat's consensus key from a text: a development key, known to everybody.
func consensusKey(secret string) ed25519.PrivKey {
	return ed25519.GenPrivKeyFromSecret([]byte(secret))
}

// leadSigner signs for the leading seat with the clock's time, and tells the other seats what it signed.
type leadSigner struct {
	inner  *privval.FilePV
	clock  *clock
	signed chan cmtproto.Vote
}

func (s *leadSigner) GetPubKey() (crypto.PubKey, error) { return s.inner.GetPubKey() }

func (s *leadSigner) SignProposal(chainID string, proposal *cmtproto.Proposal) error {
	return s.inner.SignProposal(chainID, proposal)
}

func (s *leadSigner) SignVote(chainID string, vote *cmtproto.Vote) error {
	if stamp, driven := s.clock.stampFor(vote.Height); driven {
		vote.Timestamp = stamp
	}
	if err := s.inner.SignVote(chainID, vote); err != nil {
		return err
	}
	s.clock.saw(vote.Timestamp)
	select {
	case s.signed <- *vote:
	default: // consensus must not wait for the others: as if they had missed it
	}
	return nil
}

// seats are all validators of the process.
type seats struct {
	mu      sync.Mutex
	all     []*seat
	chainID string
	state   *consensus.State
}

const peer = p2p.ID("seats")

// follow votes for the other seats as the leading one did. It needs no memory of its own: what it signs follows from
// what the lead signed, whose file keeps it from signing two things for one height, round and step.
func (s *seats) follow(signed <-chan cmtproto.Vote, stop <-chan struct{}) {
	for {
		select {
		case <-stop:
			return
		case vote := <-signed:
			set := s.validatorsAt(vote.Height)
			if set == nil {
				continue
			}
			for _, one := range s.all[1:] {
				s.voteAs(one, vote, set)
			}
		}
	}
}

func (s *seats) validatorsAt(height int64) *cmttypes.ValidatorSet {
	round := s.state.GetRoundState()
	switch height {
	case round.Height:
		return round.Validators
	case round.Height - 1:
		return round.LastValidators
	}
	return nil
}

func (s *seats) voteAs(one *seat, vote cmtproto.Vote, set *cmttypes.ValidatorSet) {
	index, validator := set.GetByAddress(one.address())
	s.mu.Lock()
	down := one.down
	twice := one.twice && vote.Type == cmtproto.PrecommitType && len(vote.BlockID.Hash) > 0
	if twice {
		one.twice = false
	}
	s.mu.Unlock()
	if validator == nil || down {
		return
	}
	vote.ValidatorAddress, vote.ValidatorIndex = one.address(), index
	// The lead's file signs an (empty) extension as well, for chains that have them; here that would be refused.
	vote.Extension, vote.ExtensionSignature = nil, nil
	s.send(one, vote)
	if twice {
		other := make([]byte, 32)
		_, _ = rand.Read(other)
		vote.BlockID.Hash = other
		s.send(one, vote)
	}
}

func (s *seats) send(one *seat, vote cmtproto.Vote) {
	signature, err := one.key.Sign(cmttypes.VoteSignBytes(s.chainID, &vote))
	if err != nil {
		return
	}
	vote.Signature = signature
	if signed, err := cmttypes.VoteFromProto(&vote); err == nil {
		_, _ = s.state.AddVote(signed, peer)
	}
}

// change alters one seat by its number; the leading one cannot be silenced.
func (s *seats) change(number int, change func(*seat)) error {
	if number < 1 || number >= len(s.all) {
		return fmt.Errorf("there is no seat %d: 1 to %d can be changed, seat 0 leads the chain", number, len(s.all)-1)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	change(s.all[number])
	return nil
}

// complete tells whether every seat that is up, and a validator, has its vote in the last commit.
func (s *seats) complete() bool {
	round := s.state.GetRoundState()
	if round.LastCommit == nil || round.LastValidators == nil {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, one := range s.all {
		if one.down || !round.LastValidators.HasAddress(one.address()) {
			continue
		}
		if round.LastCommit.GetByAddress(one.address()) == nil {
			return false
		}
	}
	return true
}
