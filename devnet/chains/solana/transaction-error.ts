/** Instruction errors by the words the Bank prints, as the wire names them. */
const INSTRUCTION: readonly (readonly [RegExp, string])[] = [
  [/missing required signature/i, 'MissingRequiredSignature'],
  [/insufficient funds for instruction/i, 'InsufficientFunds'],
  [/invalid account data/i, 'InvalidAccountData'],
  [/account already in use|already initialized/i, 'AccountAlreadyInitialized'],
  [/invalid program argument|invalid argument/i, 'InvalidArgument'],
  [/invalid instruction data/i, 'InvalidInstructionData'],
  [/uninitialized account/i, 'UninitializedAccount'],
  [/computational budget exceeded/i, 'ComputationalBudgetExceeded'],
];
const WHOLE: readonly (readonly [RegExp, string])[] = [
  [/already been processed/i, 'AlreadyProcessed'],
  [/blockhash not found/i, 'BlockhashNotFound'],
  [/no record of a prior credit/i, 'AccountNotFound'],
  [/insufficient funds for fee/i, 'InsufficientFundsForFee'],
];

/** The Bank's sentence as the `err` of an RPC answer; null stays null. */
export function transactionError(said: string | null): unknown {
  if (said === null) return null;
  const at = /instruction (\d+): (.*)/i.exec(said);
  if (at === null) return WHOLE.find(([pattern]) => pattern.test(said))?.[1] ?? 'SanitizeFailure';
  const custom = /custom program error: 0x([0-9a-f]+)/i.exec(said);
  const what = custom
    ? { Custom: Number.parseInt(custom[1] ?? '0', 16) }
    : (INSTRUCTION.find(([pattern]) => pattern.test(at[2] ?? ''))?.[1] ?? 'GenericError');
  return { InstructionError: [Number.parseInt(at[1] ?? '0', 10), what] };
}
