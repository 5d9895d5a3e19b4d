import type { MadeFile } from './adapter-templates.js';
import type { ChainToMake } from './chain-to-make.js';

/** The two pages: what every adapter's README answers, and what a local chain has to be. */
export function pageFiles(chain: ChainToMake): MadeFile[] {
  return [
    { path: `libs/chains/src/${chain.name}/README.md`, text: adapterPage(chain) },
    { path: `devnet/chains/${chain.name}/README.md`, text: localChainPage(chain) },
  ];
}

/** The questions that the README of every adapter answers, in this order. */
const QUESTIONS: readonly (readonly [title: string, question: string])[] = [
  ['Unit', 'What is an atom, and what is a position made of?'],
  ['Where rewards come from', 'Who pays what, when; which identity is booked, and what is it checked against?'],
  ['When it is final', 'Which stamp, how far behind the head, and what happens when finality stands still?'],
  ['Period', 'What the chain calls it, how it lies to UTC days, and the key of a reward.'],
  ['Exit time', 'How one gets out, how long it takes, how many exits at once, and what has to be claimed.'],
  ['What can go wrong', 'A table: what happens, and how it shows.'],
  ['How to run it locally', 'The commands, and what is real, what is a model and what is a replay.'],
];

function adapterPage({ name, className }: ChainToMake): string {
  const sections = QUESTIONS.map(([title, question]) => `## ${title}\n\nTo be answered: ${question}`);
  return `# ${className}\n\nRead \`${name}.adapter.ts\` first. Every fact below names its source.\n\n${sections.join('\n\n')}\n`;
}

function localChainPage({ name, className }: ChainToMake): string {
  return `# The local ${className} chain

Nothing is here yet. What the local world and the contract suite need of it:

- \`start${className}Chain({ stateDir, port, genesisTime, log })\`, in this process or a child of it, on loopback;
- state that survives kill -9 and a start on the same folder;
- time that follows \`advanceTo(unixMs)\` and never the clock on the wall: a UTC day in well under a second, its midnight
  final when the call resolves;
- \`fundTreasury\`, \`includePending\`, \`stop\`, and an unmodified client of the chain must work against its endpoint;
- validators that earn, jail and slash where the chain does that.

Say plainly here what of it is real, what is a model and what is a replay. Register it in
\`scripts/local-world/chains/\` (see \`bnb.local.ts\`). The adapter is in \`libs/chains/src/${name}\`.
`;
}
