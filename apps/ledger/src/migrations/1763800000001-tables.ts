import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The books. Amounts are nano-USD in `bigint`; everything that is summed over accounts is `numeric` and cannot overflow.
 * Only functions of the next migration write here: the service's role may read.
 */
export class LedgerTables1763800000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(ACCOUNTS);
    await runner.query(LEASES);
    await runner.query(USAGE);
    await runner.query(APPEND_ONLY);
  }

  async down(): Promise<void> {
    throw new Error('the books are never taken down');
  }
}

const ACCOUNTS = `
CREATE TABLE account (
  id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind      text NOT NULL CHECK (kind IN ('external', 'user', 'lease', 'revenue', 'house_loss', 'promo')),
  -- House accounts keep no running total, because every request would wait for their row; they are sums of transfers.
  tracked   boolean GENERATED ALWAYS AS (kind IN ('user', 'lease')) STORED,
  owner_id  uuid,
  credits   bigint NOT NULL DEFAULT 0 CHECK (credits >= 0),
  debits    bigint NOT NULL DEFAULT 0 CHECK (debits >= 0),
  opened_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  closed_at timestamptz,
  CONSTRAINT owner_of_user CHECK ((kind = 'user') = (owner_id IS NOT NULL)),
  CONSTRAINT no_overspend CHECK (kind NOT IN ('user', 'lease') OR debits <= credits),
  CONSTRAINT closed_is_empty CHECK (closed_at IS NULL OR debits = credits)
) WITH (fillfactor = 70);
CREATE UNIQUE INDEX account_of_owner ON account (owner_id) WHERE kind = 'user';

CREATE TABLE house (kind text PRIMARY KEY, account_id bigint NOT NULL UNIQUE REFERENCES account (id));
WITH made AS (
  INSERT INTO account (kind) VALUES ('external'), ('revenue'), ('house_loss'), ('promo') RETURNING id, kind
) INSERT INTO house (kind, account_id) SELECT kind, id FROM made;

CREATE TABLE transfer (
  id             uuid PRIMARY KEY,
  seq            bigint GENERATED ALWAYS AS IDENTITY,
  debit_account  bigint NOT NULL REFERENCES account (id),
  credit_account bigint NOT NULL REFERENCES account (id),
  amount         bigint NOT NULL CHECK (amount > 0 AND amount <= 1000000000000000000),
  -- 0 deposit, 1 grant or top-up, 2 capture from a lease, 3 late or over-bound capture from a user, 4 loss of the house,
  -- 5 return of a lease, 6 refund, 7 correction, 8 expiry of promotional credit
  code           smallint NOT NULL CHECK (code BETWEEN 0 AND 8),
  -- Id of the deposit, lease or generation that it belongs to.
  ref            text NOT NULL,
  created_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
  CHECK (debit_account <> credit_account)
);

CREATE TABLE deposit (
  id          uuid PRIMARY KEY REFERENCES transfer (id) DEFERRABLE INITIALLY DEFERRED,
  owner_id    uuid NOT NULL,
  amount      bigint NOT NULL CHECK (amount > 0),
  source      text NOT NULL,
  external_id text NOT NULL,
  note        text,
  created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT deposit_once UNIQUE (source, external_id)
);
CREATE INDEX deposit_of_owner ON deposit (owner_id);`;

const LEASES = `
CREATE TABLE lease (
  id           uuid PRIMARY KEY,
  account_id   bigint NOT NULL UNIQUE REFERENCES account (id),
  user_account bigint NOT NULL REFERENCES account (id),
  key_id       uuid NOT NULL,
  edge_id      text NOT NULL,
  edge_epoch   uuid NOT NULL,
  granted      bigint NOT NULL CHECK (granted >= 0),
  returned     bigint NOT NULL DEFAULT 0 CHECK (returned >= 0 AND returned <= granted),
  -- The UTC day in which everything admitted against it was admitted: no lease is renewed past midnight.
  day          date NOT NULL,
  state        text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'draining', 'closed')),
  ttl_ms       integer NOT NULL CHECK (ttl_ms > 0),
  opened_at    timestamptz NOT NULL,
  expires_at   timestamptz NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX lease_open ON lease (expires_at) WHERE state <> 'closed';
CREATE INDEX lease_open_of_user ON lease (user_account) WHERE state <> 'closed';

-- One row per scope and UTC window, made at the first grant in the window: a reset is a new row, so there is no job to fail.
CREATE TABLE budget (
  scope_id     uuid NOT NULL,
  -- Part of the key, because a day, a week and a month may start at the same instant.
  period       text NOT NULL CHECK (period IN ('daily', 'weekly', 'monthly', 'total')),
  window_start timestamptz NOT NULL,
  cap          bigint NOT NULL CHECK (cap >= 0),
  -- The cap, or what was already reserved and spent when the cap was lowered below it.
  ceiling      bigint NOT NULL,
  reserved     bigint NOT NULL DEFAULT 0 CHECK (reserved >= 0),
  spent        bigint NOT NULL DEFAULT 0 CHECK (spent >= 0),
  -- Late or over-bound spending that had no room: counted, and it leaves no room for new leases.
  forced       bigint NOT NULL DEFAULT 0 CHECK (forced >= 0),
  PRIMARY KEY (scope_id, period, window_start),
  CONSTRAINT ceiling_covers_cap CHECK (ceiling >= cap),
  CONSTRAINT within_cap CHECK (reserved + spent <= ceiling)
) WITH (fillfactor = 70);

CREATE TABLE lease_scope (
  lease_id     uuid NOT NULL REFERENCES lease (id),
  scope_id     uuid NOT NULL,
  period       text NOT NULL,
  window_start timestamptz NOT NULL,
  PRIMARY KEY (lease_id, scope_id, period),
  FOREIGN KEY (scope_id, period, window_start) REFERENCES budget (scope_id, period, window_start)
);
CREATE INDEX lease_scope_of_budget ON lease_scope (scope_id, period, window_start);`;

const USAGE = `
CREATE TABLE usage (
  -- The inbox key: exactly-once effect comes from it and from nothing else.
  generation_id text PRIMARY KEY,
  lease_id      uuid NOT NULL REFERENCES lease (id),
  owner_id      uuid NOT NULL,
  key_id        uuid NOT NULL,
  outcome       text NOT NULL CHECK (outcome IN ('final', 'estimate', 'insured', 'void')),
  cost_pico     numeric(38, 0) NOT NULL CHECK (cost_pico >= 0),
  cost          bigint NOT NULL CHECK (cost >= 0),
  charged       bigint NOT NULL CHECK (charged >= 0),
  lost          bigint NOT NULL DEFAULT 0 CHECK (lost >= 0),
  payload       jsonb NOT NULL,
  applied_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT charged_or_lost CHECK (
    CASE WHEN outcome IN ('final', 'estimate') THEN charged + lost = cost ELSE charged = 0 AND lost = 0 END),
  CONSTRAINT rounded_once_up CHECK (cost = ceil(cost_pico / 1000))
);

-- What a key spent on a UTC day: answers the spend of a key without summing its usage.
CREATE TABLE key_spend (
  key_id  uuid NOT NULL,
  day     date NOT NULL,
  charged bigint NOT NULL CHECK (charged >= 0),
  PRIMARY KEY (key_id, day)
) WITH (fillfactor = 70);

-- Usage that cannot be applied: kept for people, and acknowledged so that it blocks nothing. The payload is there only if it
-- was a valid event, which has no field for text of prompts or answers.
CREATE TABLE quarantine (
  digest        text PRIMARY KEY,
  generation_id text,
  subject       text NOT NULL,
  stream_seq    bigint NOT NULL,
  reason        text NOT NULL,
  payload       jsonb,
  deliveries    integer NOT NULL DEFAULT 1,
  first_seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  last_seen_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE generation (
  id          text PRIMARY KEY,
  owner_id    uuid NOT NULL,
  key_id      uuid NOT NULL,
  created_at  timestamptz NOT NULL,
  record      jsonb NOT NULL,
  received_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX generation_of_owner ON generation (owner_id, created_at);`;

const APPEND_ONLY = `
CREATE FUNCTION forbid() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'SL403';
END $$;
CREATE TRIGGER transfer_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON transfer FOR EACH STATEMENT EXECUTE FUNCTION forbid();
CREATE TRIGGER usage_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON usage FOR EACH STATEMENT EXECUTE FUNCTION forbid();
CREATE TRIGGER deposit_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON deposit FOR EACH STATEMENT EXECUTE FUNCTION forbid();`;
