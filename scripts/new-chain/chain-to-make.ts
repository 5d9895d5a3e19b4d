/** What the templates are filled with. */
export interface ChainToMake {
  /** Folder and file prefix: `cardano`. */
  readonly name: string;
  /** Class prefix: `Cardano`. */
  readonly className: string;
  readonly token: string;
  readonly decimals: number;
}

export interface Known {
  /** Names that are taken or mean something else in libs/chains/src. */
  readonly chains: readonly string[];
  readonly tokens: readonly string[];
}

const NAME = /^[a-z][a-z0-9]{1,19}$/;
const SYMBOL = /^[A-Z0-9]{1,12}$/;
/** What PostgreSQL keeps of an amount leaves room for more, and no chain has it. */
const MOST_DECIMALS = 30;

/**
 * @returns the chain, or one sentence that says why it cannot be made
 */
export function chainToMake(
  given: { readonly name: string | undefined; readonly token?: string; readonly decimals?: string },
  known: Known,
): ChainToMake | string {
  const { name } = given;
  if (name === undefined) return 'the name of the chain is missing';
  if (!NAME.test(name)) return `a chain's name is 2 to 20 of a-z and 0-9, starting with a letter, not "${name}"`;
  if (known.chains.includes(name)) return `there is a libs/chains/src/${name} already`;
  const token = given.token ?? name.slice(0, 12).toUpperCase();
  if (!SYMBOL.test(token)) return `--token is a symbol like ADA, not "${token}"`;
  if (known.tokens.includes(token)) return `${token} is listed already in config/tokens.yaml; say another with --token`;
  const text = given.decimals ?? '18';
  const decimals = /^[0-9]{1,2}$/.test(text) ? Number(text) : Number.NaN;
  if (!(decimals <= MOST_DECIMALS)) return `--decimals is a whole number from 0 to ${MOST_DECIMALS}, not "${text}"`;
  return { name, className: name.charAt(0).toUpperCase() + name.slice(1), token, decimals };
}
