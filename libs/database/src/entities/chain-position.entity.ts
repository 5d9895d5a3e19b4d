import { Column, Entity, PrimaryColumn } from 'typeorm';

/** One stake position at one cut, each atom in exactly one bucket; amounts are exact decimal strings of atoms. */
@Entity('chain_position')
export class ChainPositionEntity {
  @PrimaryColumn('text')
  token: string;

  @PrimaryColumn('bigint')
  height: string;

  @PrimaryColumn('text', { name: 'position_key' })
  positionKey: string;

  @Column('text')
  chain: string;

  @Column('text')
  validator: string;

  @Column('numeric')
  active: string;

  @Column('numeric')
  activating: string;

  @Column('numeric')
  exiting: string;

  @Column('numeric')
  withdrawable: string;

  @Column('numeric')
  claimable: string;
}
