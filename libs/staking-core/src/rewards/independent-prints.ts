import { compareDigits, decimalBytes } from './decimal-bytes.js';
import { DigitShare } from './digit-share.js';
import {
  type IndependentFindings,
  type IndependentRules,
  NO_FINDINGS,
  ownedWeight,
  ownerCoefficient,
  type StoredFigures,
} from './independent-day.js';
import { RewardPrint } from './reward-print.js';

/**
 * R22a without laying rows side by side: who should have a reward, with which average and weight, makes one print; the
 * stored rewards make another; and every stored reward is looked at by itself: is it the share of its weight? The same
 * print, and nothing wrong by itself, is the same rows. Numbers stay the digits that they came as wherever they can.
 */
export class IndependentPrints {
  private readonly expected = new RewardPrint();
  private readonly stored = new RewardPrint();
  private readonly share: DigitShare;
  private readonly least: Uint8Array;
  private readonly cap: Uint8Array;
  private users = 0;
  private ownersPrint = 0n;
  private wrong = 0;

  constructor(
    private readonly rules: IndependentRules,
    figures: StoredFigures,
  ) {
    const unit = 10n ** BigInt(rules.decimals - rules.payoutDecimals);
    this.share = new DigitShare(figures.poolAtoms, figures.qualifyingAtoms, unit);
    // Nobody takes part with nothing, whatever the minimum.
    this.least = decimalBytes(rules.minAtoms > 0n ? rules.minAtoms : 1n);
    this.cap = decimalBytes(rules.capAtoms);
  }

  /** An account by itself: its name is `bytes[from, to)`, its average the digits `average[start, end)`. */
  expect(bytes: Uint8Array, from: number, to: number, average: Uint8Array, start: number, end: number): void {
    if (this.rules.capAtoms === 0n || compareDigits(average, start, end, this.least) < 0) return;
    const { expected } = this;
    expected.feed(bytes, from, to);
    expected.tab();
    expected.feed(average, start, end);
    if (compareDigits(average, start, end, this.cap) > 0) {
      expected.tab();
      expected.feed(this.cap, 0, this.cap.length);
    }
    expected.endLine();
  }

  /** An account of an owner, with the stored sum over the owner's accounts; null: none is stored. */
  expectOwned(
    bytes: Uint8Array,
    from: number,
    to: number,
    averageAtoms: bigint,
    { owner, ownerAtoms }: { readonly owner: string; readonly ownerAtoms: bigint | null },
  ): void {
    if (averageAtoms < this.rules.minAtoms) return;
    this.ownersPrint += averageAtoms * ownerCoefficient(owner);
    const weight = ownedWeight(averageAtoms, ownerAtoms, this.rules.capAtoms);
    if (weight === 0n) return;
    const { expected } = this;
    expected.feed(bytes, from, to);
    for (const amount of weight === averageAtoms ? [weight] : [averageAtoms, weight]) {
      const digits = decimalBytes(amount);
      expected.tab();
      expected.feed(digits, 0, digits.length);
    }
    expected.endLine();
  }

  /**
   * A stored reward: `bytes[from, to)` is name TAB average TAB weight, without the weight where that is the average. The
   * weight is digits by itself, as the reward is.
   */
  store(
    bytes: Uint8Array,
    from: number,
    to: number,
    weightFrom: number,
    weightTo: number,
    rewardFrom: number,
    rewardTo: number,
  ): void {
    this.stored.feed(bytes, from, to);
    this.stored.endLine();
    this.users += 1;
    if (!this.share.is(bytes, weightFrom, weightTo, rewardFrom, rewardTo)) this.wrong += 1;
  }

  /** What the rows come to; null: they are not the ones that were expected. */
  findings(): IndependentFindings | null {
    if (this.wrong > 0 || !this.expected.equals(this.stored)) return null;
    return {
      ...NO_FINDINGS,
      users: this.users,
      qualifyingAtoms: this.share.weightAtoms,
      paidAtoms: this.share.rewardAtoms,
      ownersPrint: this.ownersPrint,
    };
  }
}
