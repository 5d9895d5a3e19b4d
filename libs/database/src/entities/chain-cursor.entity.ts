import { Column, Entity, PrimaryColumn } from 'typeorm';

/** How far the books have followed a chain, and the newest final block seen. `halted` waits for a person. */
@Entity('chain_cursor')
export class ChainCursorEntity {
  @PrimaryColumn('text')
  chain: string;

  @Column('text', { name: 'chain_id' })
  chainId: string;

  @Column('text', { name: 'genesis_hash' })
  genesisHash: string;

  @Column('bigint')
  height: string;

  @Column('text')
  hash: string;

  @Column('timestamptz')
  at: Date;

  @Column('bigint', { name: 'final_height' })
  finalHeight: string;

  @Column('text', { name: 'final_hash' })
  finalHash: string;

  @Column('timestamptz', { name: 'final_at' })
  finalAt: Date;

  @Column('timestamptz', { name: 'head_at' })
  headAt: Date;

  @Column('bigint')
  fence: string;

  @Column('text', { nullable: true })
  halted: string | null;
}
