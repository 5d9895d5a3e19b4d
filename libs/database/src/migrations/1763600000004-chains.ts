import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What the chains said. Natural keys made of chain facts (R13); the cursor moves in the transaction of its rows. */
export class Chains1763600000004 implements MigrationInterface {
  name = 'Chains1763600000004';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE lease (
        name       text PRIMARY KEY,
        holder     text NOT NULL,
        fence      bigint NOT NULL,
        expires_at timestamptz NOT NULL
      )`);
    await db.query(`
      CREATE TABLE chain_cursor (
        chain        text PRIMARY KEY,
        chain_id     text NOT NULL,
        genesis_hash text NOT NULL,
        height       bigint NOT NULL,
        hash         text NOT NULL,
        at           timestamptz NOT NULL,
        final_height bigint NOT NULL,
        final_hash   text NOT NULL,
        final_at     timestamptz NOT NULL,
        head_at      timestamptz NOT NULL,
        fence        bigint NOT NULL,
        halted       text
      )`);
    await db.query(`
      CREATE TABLE chain_cut (
        chain  text NOT NULL,
        height bigint NOT NULL,
        hash   text NOT NULL,
        at     timestamptz NOT NULL,
        liquid numeric(78,0) NOT NULL,
        PRIMARY KEY (chain, height)
      )`);
    await db.query(`
      CREATE TABLE chain_day (
        token         text COLLATE "C" NOT NULL REFERENCES token,
        day           date NOT NULL,
        average_stake numeric(78,0) NOT NULL CHECK (average_stake >= 0),
        chain         text NOT NULL,
        cut_height    bigint NOT NULL,
        PRIMARY KEY (token, day),
        FOREIGN KEY (chain, cut_height) REFERENCES chain_cut (chain, height)
      )`);
    await db.query(`
      CREATE TABLE chain_reward (
        token          text COLLATE "C" NOT NULL REFERENCES token,
        key            text NOT NULL,
        kind           text NOT NULL,
        position_key   text NOT NULL,
        validator      text NOT NULL,
        period         text NOT NULL,
        amount         numeric(78,0) NOT NULL CHECK (amount >= 0),
        earned_from    timestamptz NOT NULL,
        earned_to      timestamptz NOT NULL,
        chain          text NOT NULL,
        height         bigint NOT NULL,
        hash           text NOT NULL,
        txid           text,
        cross_check    numeric(78,0),
        cross_tolerance numeric(78,0),
        observed_at    timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (token, key),
        CHECK (earned_to > earned_from)
      )`);
    await db.query(`
      CREATE TABLE chain_flow (
        token         text COLLATE "C" NOT NULL REFERENCES token,
        key           text NOT NULL,
        kind          text NOT NULL,
        position_key  text NOT NULL,
        validator     text NOT NULL,
        amount        numeric(78,0) NOT NULL,
        active_change numeric(78,0) NOT NULL,
        fee           numeric(78,0) NOT NULL CHECK (fee >= 0),
        at            timestamptz NOT NULL,
        height        bigint NOT NULL,
        hash          text NOT NULL,
        txid          text NOT NULL,
        PRIMARY KEY (token, key)
      )`);
    await db.query(`
      CREATE TABLE chain_slash (
        token        text COLLATE "C" NOT NULL REFERENCES token,
        key          text NOT NULL,
        kind         text NOT NULL,
        state        text NOT NULL CHECK (state IN ('observed', 'deferred', 'applied', 'cancelled')),
        position_key text,
        validator    text NOT NULL,
        amount       numeric(78,0) NOT NULL CHECK (amount >= 0),
        at           timestamptz NOT NULL,
        height       bigint NOT NULL,
        hash         text NOT NULL,
        txid         text,
        PRIMARY KEY (token, key)
      )`);
    await db.query(`
      CREATE TABLE chain_position (
        token        text COLLATE "C" NOT NULL REFERENCES token,
        chain        text NOT NULL,
        height       bigint NOT NULL,
        position_key text NOT NULL,
        validator    text NOT NULL,
        active       numeric(78,0) NOT NULL,
        activating   numeric(78,0) NOT NULL,
        exiting      numeric(78,0) NOT NULL,
        withdrawable numeric(78,0) NOT NULL,
        claimable    numeric(78,0) NOT NULL,
        exits        jsonb NOT NULL,
        PRIMARY KEY (token, height, position_key),
        FOREIGN KEY (chain, height) REFERENCES chain_cut
      )`);
    await db.query(`
      CREATE TABLE chain_validator (
        chain          text NOT NULL,
        height         bigint NOT NULL,
        validator      text NOT NULL,
        moniker        text NOT NULL,
        commission_bps bigint NOT NULL,
        health         text NOT NULL,
        jailed_until   timestamptz,
        earning        boolean NOT NULL,
        total_stake    numeric(78,0) NOT NULL,
        PRIMARY KEY (chain, height, validator),
        FOREIGN KEY (chain, height) REFERENCES chain_cut
      )`);
    await db.query(`
      CREATE TABLE chain_parameter (
        chain  text NOT NULL,
        height bigint NOT NULL,
        name   text NOT NULL,
        value  text NOT NULL,
        PRIMARY KEY (chain, height, name),
        FOREIGN KEY (chain, height) REFERENCES chain_cut
      )`);
    // R40: bytes and txid are stored before the first broadcast; one live attempt an operation.
    await db.query(`
      CREATE TABLE chain_operation (
        operation_id text NOT NULL,
        step         smallint NOT NULL,
        attempt      smallint NOT NULL,
        chain        text NOT NULL,
        token        text COLLATE "C" NOT NULL REFERENCES token,
        intent       jsonb NOT NULL,
        state        text NOT NULL CHECK (state IN ('PLANNED', 'SIGNED', 'BROADCAST', 'UNKNOWN', 'INCLUDED', 'FINAL', 'EFFECT_VERIFIED', 'DEAD', 'FAILED')),
        account      text NOT NULL,
        lane_number  bigint,
        bytes        text,
        txid         text,
        expires_at_height bigint,
        included_height bigint,
        included_hash   text,
        fee          numeric(78,0) CHECK (fee >= 0),
        detail       text,
        planned_at   timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (operation_id, step, attempt),
        -- Refused before anything was signed: no bytes, and the lane number is free again.
        CHECK (state = 'PLANNED' OR (bytes IS NOT NULL AND txid IS NOT NULL)
          OR (state = 'FAILED' AND bytes IS NULL AND lane_number IS NULL))
      )`);
    await db.query(`
      CREATE UNIQUE INDEX chain_operation_live ON chain_operation (operation_id, step) WHERE state NOT IN ('DEAD', 'FAILED')`);
    await db.query(`
      CREATE UNIQUE INDEX chain_operation_lane ON chain_operation (chain, account, lane_number)
        WHERE lane_number IS NOT NULL AND state NOT IN ('DEAD')`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query(
      'DROP TABLE chain_operation, chain_parameter, chain_validator, chain_position, chain_slash, chain_flow, chain_reward, chain_day, chain_cut, chain_cursor, lease',
    );
  }
}
