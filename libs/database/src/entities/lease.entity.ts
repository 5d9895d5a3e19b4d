import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Who may act for a chain (or another single-leader job). The row stays for ever: its fence never goes back. */
@Entity('lease')
export class LeaseEntity {
  @PrimaryColumn('text')
  name: string;

  @Column('text')
  holder: string;

  /** One more with each new holder; every guarded write names it. */
  @Column('bigint')
  fence: string;

  @Column('timestamptz', { name: 'expires_at' })
  expiresAt: Date;
}
