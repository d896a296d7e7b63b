import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Credit in and out: deposits with a fee, promotional credit and its expiry, refunds. Every function locks the user's account
 * before anything else of it, and a payment (advisory lock by its id) before the account.
 */
export class LedgerCredit1763900000031 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(OUTBOX);
    await runner.query(DEPOSIT);
    await runner.query(WITHDRAW);
    await runner.query(PROMO);
    await runner.query(EXPIRY);
  }

  async down(): Promise<void> {
    throw new Error('the books are never taken down');
  }
}

const OUTBOX = `
CREATE FUNCTION tell(_subject text, _payload jsonb) RETURNS void LANGUAGE sql AS
$$ INSERT INTO outbox (subject, payload, created_at) VALUES (_subject, _payload, clock()) $$;

CREATE FUNCTION outbox_sent(_ids bigint[]) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = ledger, pg_temp AS
$$ DELETE FROM outbox WHERE id = ANY (_ids) $$;

-- An instant as the contracts write it.
CREATE FUNCTION iso_utc(_at timestamptz) RETURNS text LANGUAGE sql IMMUTABLE AS
$$ SELECT to_char(_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') $$;`;

const DEPOSIT = `
-- Locks the account of an owner; null when there is none.
CREATE FUNCTION lock_user(_owner uuid) RETURNS bigint LANGUAGE sql AS
$$ SELECT id FROM account WHERE kind = 'user' AND owner_id = _owner FOR NO KEY UPDATE $$;

-- Puts credit into a locked account: from outside, or from the promotional account; the fee goes to revenue besides.
CREATE FUNCTION credit_user(
  _id uuid, _owner uuid, _user bigint, _kind text, _amount bigint, _fee bigint, _source text, _external_id text, _note text, _of uuid)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE now_at timestamptz := clock();
BEGIN
  INSERT INTO deposit (id, owner_id, amount, source, external_id, note, created_at, kind, fee, of_deposit)
  VALUES (_id, _owner, _amount, _source, _external_id, _note, now_at, _kind, _fee, _of);
  PERFORM post(_id, house_account(CASE _kind WHEN 'promo' THEN 'promo' ELSE 'external' END), _user, _amount, 0, _id::text);
  IF _fee > 0 THEN
    PERFORM post(md5('fee:' || _id::text)::uuid, house_account('external'), house_account('revenue'), _fee, 9, _id::text);
  END IF;
  PERFORM tell('ledger.v1.event.deposit.created', jsonb_build_object('depositId', _id, 'accountId', _owner, 'kind', _kind,
    'amountNanos', _amount::text, 'feeNanos', _fee::text, 'createdAt', iso_utc(now_at)));
END $$;

-- Once per (source, external id), whatever id the caller made up for it.
CREATE OR REPLACE FUNCTION create_deposit(_id uuid, _owner uuid, _amount bigint, _source text, _external_id text, _note text)
RETURNS TABLE (deposit_id uuid, created boolean, created_at timestamptz, available bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE user_id bigint := lock_user(_owner); known deposit; fresh boolean;
BEGIN
  IF user_id IS NULL THEN RAISE EXCEPTION 'no such account' USING ERRCODE = 'SL404'; END IF;
  -- Another account may use the same id at the same moment, and waits for no lock of this one.
  PERFORM pg_advisory_xact_lock(hashtextextended(_source || ' ' || _external_id, 1));
  SELECT * INTO known FROM deposit d WHERE d.source = _source AND d.external_id = _external_id;
  fresh := known.id IS NULL;
  IF fresh THEN
    PERFORM credit_user(_id, _owner, user_id, 'manual', _amount, 0, _source, _external_id, _note, NULL);
    SELECT * INTO STRICT known FROM deposit d WHERE d.id = _id;
  ELSIF (known.owner_id, known.amount, known.kind) IS DISTINCT FROM (_owner, _amount, 'manual') THEN
    RAISE EXCEPTION 'the deposit exists with another amount or account' USING ERRCODE = 'SL409';
  END IF;
  RETURN QUERY SELECT known.id, fresh, known.created_at, a.credits - a.debits FROM account a WHERE a.id = user_id;
END $$;`;

const WITHDRAW = `
-- Takes credit out of a locked account that has it: back outside, or what expired to the promotional account.
CREATE FUNCTION debit_user(
  _id uuid, _owner uuid, _user bigint, _kind text, _amount bigint, _deposit uuid, _source text, _external_id text, _note text)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE now_at timestamptz := clock();
BEGIN
  INSERT INTO withdrawal (id, owner_id, kind, deposit_id, amount, source, external_id, note, created_at)
  VALUES (_id, _owner, _kind, _deposit, _amount, _source, _external_id, _note, now_at);
  IF _kind = 'expiry' THEN
    PERFORM post(_id, _user, house_account('promo'), _amount, 8, _id::text);
    RETURN;
  END IF;
  PERFORM post(_id, _user, house_account('external'), _amount, 6, _id::text);
  PERFORM tell('ledger.v1.event.refund.created', jsonb_build_object('refundId', _id, 'accountId', _owner, 'depositId', _deposit,
    'kind', _kind, 'amountNanos', _amount::text, 'createdAt', iso_utc(now_at)));
END $$;

-- What of a deposit was taken back and not returned.
CREATE FUNCTION withdrawn_of(_deposit uuid) RETURNS bigint LANGUAGE sql STABLE AS $$
  SELECT (SELECT coalesce(sum(w.amount), 0) FROM withdrawal w WHERE w.deposit_id = _deposit)::bigint
       - (SELECT coalesce(sum(d.amount), 0) FROM deposit d WHERE d.of_deposit = _deposit)::bigint $$;`;

const PROMO = `
-- All that an account has spent: what came in, did not go out again, and is neither there nor lent. One statement, one instant.
CREATE FUNCTION spent_of(_owner uuid, _user bigint) RETURNS bigint LANGUAGE sql STABLE AS $$
  SELECT ((SELECT coalesce(sum(d.amount), 0) FROM deposit d WHERE d.owner_id = _owner)
    - (SELECT coalesce(sum(w.amount), 0) FROM withdrawal w WHERE w.owner_id = _owner)
    - (SELECT a.credits - a.debits FROM account a WHERE a.id = _user)
    - (SELECT coalesce(sum(a.credits - a.debits), 0) FROM lease l JOIN account a ON a.id = l.account_id
       WHERE l.user_account = _user AND l.state <> 'closed'))::bigint $$;

-- Counts what was spent since the last time against the promotional credit that was alive meanwhile, the earliest expiry first.
-- Grants and expiries call it before they change which credit is alive, so counting late counts the same.
CREATE FUNCTION count_promo(_owner uuid, _user bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE now_spent bigint := spent_of(_owner, _user); mark bigint; rest bigint; part bigint; p promo;
BEGIN
  SELECT m.spent INTO mark FROM promo_mark m WHERE m.owner_id = _owner;
  IF mark IS NULL THEN INSERT INTO promo_mark (owner_id, spent) VALUES (_owner, now_spent); RETURN; END IF;
  rest := now_spent - mark;
  -- Less than before: something was corrected in the customer's favour, whose credit does not become promotional by it.
  IF rest <= 0 THEN RETURN; END IF;
  FOR p IN SELECT * FROM promo WHERE owner_id = _owner AND ended_at IS NULL ORDER BY expires_at, deposit_id LOOP
    part := least(rest, p.remaining);
    UPDATE promo SET remaining = remaining - part, ended_at = CASE WHEN remaining = part THEN clock() END WHERE deposit_id = p.deposit_id;
    rest := rest - part;
    EXIT WHEN rest = 0;
  END LOOP;
  UPDATE promo_mark SET spent = now_spent WHERE owner_id = _owner;
END $$;

CREATE FUNCTION grant_promo(_id uuid, _owner uuid, _amount bigint, _external_id text, _note text, _expires_at timestamptz)
RETURNS TABLE (deposit_id uuid, created boolean, expires_at timestamptz, available bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE user_id bigint := lock_user(_owner); known deposit; fresh boolean;
BEGIN
  IF user_id IS NULL THEN RAISE EXCEPTION 'no such account' USING ERRCODE = 'SL404'; END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended('promo ' || _external_id, 1));
  SELECT * INTO known FROM deposit d WHERE d.source = 'promo' AND d.external_id = _external_id;
  fresh := known.id IS NULL;
  IF fresh THEN
    PERFORM count_promo(_owner, user_id);
    PERFORM credit_user(_id, _owner, user_id, 'promo', _amount, 0, 'promo', _external_id, _note, NULL);
    INSERT INTO promo (deposit_id, owner_id, remaining, expires_at) VALUES (_id, _owner, _amount, _expires_at);
    known.id := _id;
  ELSIF (known.owner_id, known.amount) IS DISTINCT FROM (_owner, _amount) THEN
    RAISE EXCEPTION 'the deposit exists with another amount or account' USING ERRCODE = 'SL409';
  END IF;
  RETURN QUERY SELECT known.id, fresh, p.expires_at, a.credits - a.debits
    FROM account a, promo p WHERE a.id = user_id AND p.deposit_id = known.id;
END $$;`;

const EXPIRY = `
-- Takes back what is unspent of promotional credit that has expired. What was lent before the expiry may still be spent, and it is
-- promotional money that is spent first: that much waits until those leases are closed. Answers what was taken.
CREATE FUNCTION expire_promo(_deposit uuid) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE p promo; user_id bigint; lent bigint; step bigint;
BEGIN
  SELECT * INTO p FROM promo WHERE deposit_id = _deposit;
  IF p.deposit_id IS NULL THEN RETURN 0; END IF;
  user_id := lock_user(p.owner_id);
  PERFORM count_promo(p.owner_id, user_id);
  SELECT * INTO STRICT p FROM promo WHERE deposit_id = _deposit;
  IF p.ended_at IS NOT NULL OR p.expires_at > clock() THEN RETURN 0; END IF;
  SELECT coalesce(sum(a.credits - a.debits), 0) INTO lent FROM lease l JOIN account a ON a.id = l.account_id
  WHERE l.user_account = user_id AND l.state <> 'closed' AND l.opened_at < p.expires_at;
  SELECT least(p.remaining - lent, a.credits - a.debits) INTO STRICT step FROM account a WHERE a.id = user_id;
  IF step <= 0 THEN RETURN 0; END IF;
  PERFORM debit_user(gen_random_uuid(), p.owner_id, user_id, 'expiry', step, _deposit, 'promo', _deposit::text || ' ' || p.remaining::text, NULL);
  UPDATE promo SET remaining = remaining - step, ended_at = CASE WHEN remaining = step THEN clock() END WHERE deposit_id = _deposit;
  RETURN step;
END $$;`;
