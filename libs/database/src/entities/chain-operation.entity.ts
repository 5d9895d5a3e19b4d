import { Column, Entity, PrimaryColumn } from 'typeorm';

/** One attempt at one transaction of one operation (R40). Bytes and txid are there before the first broadcast. */
@Entity('chain_operation')
export class ChainOperationEntity {
  @PrimaryColumn('text', { name: 'operation_id' })
  operationId: string;

  @PrimaryColumn('smallint')
  step: number;

  @PrimaryColumn('smallint')
  attempt: number;

  @Column('text')
  chain: string;

  @Column('text')
  token: string;

  @Column('jsonb')
  intent: Record<string, string>;

  @Column('text')
  state: string;

  @Column('text')
  account: string;

  @Column('bigint', { name: 'lane_number', nullable: true })
  laneNumber: string | null;

  @Column('text', { nullable: true })
  bytes: string | null;

  @Column('text', { nullable: true })
  txid: string | null;

  @Column('bigint', { name: 'expires_at_height', nullable: true })
  expiresAtHeight: string | null;

  @Column('bigint', { name: 'included_height', nullable: true })
  includedHeight: string | null;

  @Column('text', { name: 'included_hash', nullable: true })
  includedHash: string | null;

  @Column('numeric', { nullable: true })
  fee: string | null;

  @Column('text', { nullable: true })
  detail: string | null;

  @Column('timestamptz', { name: 'planned_at' })
  plannedAt: Date;
}
