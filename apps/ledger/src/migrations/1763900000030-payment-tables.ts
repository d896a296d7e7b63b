import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Purchases, refunds, disputes, promotional credit, automatic top-up and the outbox. What moved money stands in append-only rows
 * (`deposit`, `withdrawal`), each of them one transfer; the rest is what is known so far and may change.
 */
export class LedgerPaymentTables1763900000030 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(MOVEMENTS);
    await runner.query(PAYMENTS);
    await runner.query(PROMOS);
    await runner.query(TOP_UPS);
    await runner.query(OUTBOX);
  }

  async down(): Promise<void> {
    throw new Error('the books are never taken down');
  }
}

const MOVEMENTS = `
ALTER TABLE transfer DROP CONSTRAINT transfer_code_check;
-- 9: the fee on a purchase, from outside to revenue.
ALTER TABLE transfer ADD CONSTRAINT transfer_code_check CHECK (code BETWEEN 0 AND 9);

ALTER TABLE deposit
  ADD COLUMN kind text NOT NULL DEFAULT 'manual' CHECK (kind IN ('manual', 'purchase', 'promo', 'reversal')),
  -- Kept by the house on top of the amount.
  ADD COLUMN fee bigint NOT NULL DEFAULT 0 CHECK (fee >= 0),
  ADD COLUMN of_deposit uuid REFERENCES deposit (id),
  ADD CONSTRAINT reversal_of_a_deposit CHECK ((kind = 'reversal') = (of_deposit IS NOT NULL)),
  ADD CONSTRAINT fee_of_a_purchase CHECK (fee = 0 OR kind = 'purchase');
CREATE INDEX deposit_reversal ON deposit (of_deposit) WHERE of_deposit IS NOT NULL;

-- Credit that went out without being used. The id is that of its transfer.
CREATE TABLE withdrawal (
  id          uuid PRIMARY KEY,
  owner_id    uuid NOT NULL,
  kind        text NOT NULL CHECK (kind IN ('refund', 'dispute', 'expiry')),
  deposit_id  uuid NOT NULL REFERENCES deposit (id),
  amount      bigint NOT NULL CHECK (amount > 0),
  source      text NOT NULL,
  external_id text NOT NULL,
  note        text,
  created_at  timestamptz NOT NULL,
  CONSTRAINT withdrawal_once UNIQUE (owner_id, source, external_id)
);
CREATE INDEX withdrawal_of_deposit ON withdrawal (deposit_id);
CREATE TRIGGER withdrawal_immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON withdrawal FOR EACH STATEMENT EXECUTE FUNCTION forbid();`;

const PAYMENTS = `
-- What is known of one payment, in whatever order it was heard. The books are brought to what the row says.
CREATE TABLE payment (
  intent     text PRIMARY KEY,
  owner_id   uuid,
  deposit_id uuid UNIQUE REFERENCES deposit (id),
  -- What the payer paid, fee included; null while only a refund or a dispute was heard of.
  paid       bigint CHECK (paid > 0),
  -- What the payment provider says was given back, all in all.
  refunded   bigint NOT NULL DEFAULT 0 CHECK (refunded >= 0),
  -- The same after the refunds that were asked for here.
  requested  bigint NOT NULL DEFAULT 0 CHECK (requested >= 0),
  -- What the account owes for refunds and disputes, and what of it was taken.
  claimed    bigint NOT NULL DEFAULT 0 CHECK (claimed >= 0),
  taken      bigint NOT NULL DEFAULT 0 CHECK (taken >= 0),
  created_at timestamptz NOT NULL,
  CONSTRAINT deposit_of_paid CHECK ((deposit_id IS NULL) = (paid IS NULL) AND (deposit_id IS NULL OR owner_id IS NOT NULL))
);
CREATE INDEX payment_owing ON payment (intent) WHERE taken <> claimed;

CREATE TABLE dispute (
  id     text PRIMARY KEY,
  intent text NOT NULL,
  amount bigint NOT NULL CHECK (amount > 0),
  state  text NOT NULL CHECK (state IN ('open', 'won', 'lost'))
);
CREATE INDEX dispute_of_payment ON dispute (intent);

-- Every message of the payment provider that was signed, and what became of it. Nothing of the payer is kept.
CREATE TABLE payment_event (
  id            text PRIMARY KEY,
  type          text NOT NULL,
  intent        text,
  owner_id      uuid,
  amount        bigint,
  currency      text,
  status        text NOT NULL,
  deliveries    integer NOT NULL DEFAULT 1,
  first_seen_at timestamptz NOT NULL,
  last_seen_at  timestamptz NOT NULL
);
CREATE INDEX payment_event_of_payment ON payment_event (intent);
CREATE INDEX payment_event_newest ON payment_event (first_seen_at DESC, id);

-- A refund that the payment provider has to carry out.
CREATE TABLE provider_refund (
  withdrawal_id uuid PRIMARY KEY REFERENCES withdrawal (id),
  intent        text NOT NULL,
  state         text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'sent', 'done', 'failed')),
  refund_id     text UNIQUE,
  tries         integer NOT NULL DEFAULT 0,
  next_try_at   timestamptz NOT NULL,
  last_error    text
);
CREATE INDEX provider_refund_due ON provider_refund (next_try_at) WHERE state = 'pending';

-- The saved means of payment, as the payment provider names it.
CREATE TABLE payer (
  owner_id       uuid PRIMARY KEY,
  customer       text NOT NULL,
  payment_method text,
  -- The payment in which it was saved: where the method can be looked up.
  intent         text NOT NULL,
  updated_at     timestamptz NOT NULL
);`;

const PROMOS = `
CREATE TABLE promo (
  deposit_id uuid PRIMARY KEY REFERENCES deposit (id),
  owner_id   uuid NOT NULL,
  remaining  bigint NOT NULL CHECK (remaining >= 0),
  expires_at timestamptz NOT NULL,
  -- When it was used up or had expired.
  ended_at   timestamptz,
  CONSTRAINT ended_is_empty CHECK (ended_at IS NULL OR remaining = 0)
);
CREATE INDEX promo_expiry ON promo (expires_at) WHERE ended_at IS NULL;
CREATE INDEX promo_of_owner ON promo (owner_id, expires_at) WHERE ended_at IS NULL;

-- How much of an account's spending has been counted against its promotional credit.
CREATE TABLE promo_mark (owner_id uuid PRIMARY KEY, spent bigint NOT NULL);`;

const TOP_UPS = `
CREATE TABLE auto_top_up (
  owner_id          uuid PRIMARY KEY,
  user_account      bigint NOT NULL UNIQUE REFERENCES account (id),
  threshold         bigint NOT NULL CHECK (threshold >= 0),
  amount            bigint NOT NULL CHECK (amount > 0 AND amount <= 1000000000000000000),
  state             text NOT NULL CHECK (state IN ('armed', 'due', 'charging', 'off')),
  failures          integer NOT NULL DEFAULT 0 CHECK (failures >= 0),
  -- The try under way: the key by which the payment provider knows it again.
  attempt_id        uuid,
  -- What that try charges, also when the settings change meanwhile: the key stands for one amount.
  attempt_amount    bigint,
  attempt_at        timestamptz,
  intent            text,
  next_try_at       timestamptz,
  last_error        text,
  last_topped_up_at timestamptz,
  updated_at        timestamptz NOT NULL,
  CONSTRAINT attempt_under_way CHECK ((state IN ('due', 'charging')) = (attempt_id IS NOT NULL AND next_try_at IS NOT NULL))
);
CREATE INDEX auto_top_up_due ON auto_top_up (next_try_at) WHERE state IN ('due', 'charging');`;

const OUTBOX = `
-- What has to be told to others, written with the change itself.
CREATE TABLE outbox (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  message_id uuid NOT NULL DEFAULT gen_random_uuid(),
  subject    text NOT NULL,
  payload    jsonb NOT NULL,
  created_at timestamptz NOT NULL
);`;
