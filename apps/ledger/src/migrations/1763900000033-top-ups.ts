import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Automatic top-up, and the audit of all that this family of migrations added. */
export class LedgerTopUps1763900000033 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(WATCH);
    await runner.query(SETTINGS);
    await runner.query(ATTEMPTS);
    await runner.query(AUDIT);
  }

  async down(): Promise<void> {
    throw new Error('the books are never taken down');
  }
}

const WATCH = `
-- The balance of an account: what is there and what is lent.
CREATE FUNCTION balance_of(_user bigint) RETURNS bigint LANGUAGE sql STABLE AS $$
  SELECT (a.credits - a.debits + (SELECT coalesce(sum(x.credits - x.debits), 0) FROM lease l JOIN account x ON x.id = l.account_id
    WHERE l.user_account = _user AND l.state <> 'closed'))::bigint FROM account a WHERE a.id = _user $$;

-- Makes a top-up due when the balance has fallen below its threshold. Locks the user, but only of an account that is watched.
CREATE FUNCTION check_balance(_user bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE t auto_top_up; balance bigint;
BEGIN
  SELECT * INTO t FROM auto_top_up WHERE user_account = _user AND state = 'armed';
  IF t.owner_id IS NULL THEN RETURN; END IF;
  PERFORM 1 FROM account WHERE id = _user FOR NO KEY UPDATE;
  -- What is lent is looked at only when it matters.
  PERFORM 1 FROM account WHERE id = _user AND credits - debits >= t.threshold;
  IF FOUND THEN RETURN; END IF;
  balance := balance_of(_user);
  IF balance >= t.threshold THEN RETURN; END IF;
  UPDATE auto_top_up SET state = 'due', attempt_id = gen_random_uuid(), attempt_amount = t.amount, attempt_at = clock(),
    next_try_at = clock(), intent = NULL
  WHERE owner_id = t.owner_id;
  PERFORM tell('ledger.v1.event.balance.low', jsonb_build_object('accountId', t.owner_id, 'balanceNanos', balance::text,
    'thresholdNanos', t.threshold::text, 'at', iso_utc(clock())));
END $$;

CREATE FUNCTION watch_balance() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
BEGIN
  PERFORM check_balance(NEW.id);
  RETURN NULL;
END $$;
CREATE FUNCTION watch_spent_lease() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
BEGIN
  PERFORM check_balance(NEW.user_account);
  RETURN NULL;
END $$;
-- Money that is spent leaves a lease, which is too frequent to watch. What was spent shows when its lease comes back or is filled again, and a
-- lease that was spent to the last when it is closed. At the end of the transaction, when what left one account has arrived in the other.
CREATE CONSTRAINT TRIGGER balance_watch AFTER UPDATE ON account DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
WHEN (NEW.kind = 'user') EXECUTE FUNCTION watch_balance();
CREATE CONSTRAINT TRIGGER spent_lease_watch AFTER UPDATE ON lease DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
WHEN (NEW.state = 'closed' AND OLD.state <> 'closed') EXECUTE FUNCTION watch_spent_lease();`;

const SETTINGS = `
CREATE FUNCTION save_payer(_owner uuid, _customer text, _payment_method text, _intent text)
RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
  INSERT INTO payer AS p (owner_id, customer, payment_method, intent, updated_at) VALUES (_owner, _customer, _payment_method, _intent, clock())
  ON CONFLICT (owner_id) DO UPDATE SET customer = excluded.customer, intent = excluded.intent, updated_at = clock(),
    payment_method = CASE WHEN p.intent = excluded.intent THEN coalesce(excluded.payment_method, p.payment_method) ELSE excluded.payment_method END $$;

-- Setting it again switches it on again. A try under way is left alone, so that there is never a second.
CREATE FUNCTION set_auto_top_up(_owner uuid, _threshold bigint, _amount bigint)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE user_id bigint := lock_user(_owner);
BEGIN
  IF user_id IS NULL THEN RAISE EXCEPTION 'no such account' USING ERRCODE = 'SL404'; END IF;
  PERFORM 1 FROM payer WHERE owner_id = _owner;
  IF NOT FOUND THEN RETURN false; END IF;
  INSERT INTO auto_top_up AS t (owner_id, user_account, threshold, amount, state, updated_at)
  VALUES (_owner, user_id, _threshold, _amount, 'armed', clock())
  ON CONFLICT (owner_id) DO UPDATE SET threshold = excluded.threshold, updated_at = clock(),
    amount = excluded.amount,
    state = CASE WHEN t.state = 'charging' THEN 'charging' ELSE 'armed' END,
    failures = 0, last_error = NULL,
    attempt_id = CASE WHEN t.state = 'charging' THEN t.attempt_id END, attempt_at = CASE WHEN t.state = 'charging' THEN t.attempt_at END,
    next_try_at = CASE WHEN t.state = 'charging' THEN t.next_try_at END, intent = CASE WHEN t.state = 'charging' THEN t.intent END;
  PERFORM check_balance(user_id);
  RETURN true;
END $$;

CREATE FUNCTION delete_auto_top_up(_owner uuid) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
BEGIN
  PERFORM lock_user(_owner);
  DELETE FROM auto_top_up WHERE owner_id = _owner;
  RETURN FOUND;
END $$;`;

const ATTEMPTS = `
-- Takes a top-up in hand for so long; no row when there is nothing to do (any more) or another ledger does it. A try whose outcome
-- nobody learned within a day is given up: by then the provider has forgotten the key that would keep it from being charged twice.
CREATE FUNCTION begin_top_up(_owner uuid, _hold_ms int)
RETURNS TABLE (attempt_id uuid, amount bigint, intent text, customer text, payment_method text, saved_in text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE user_id bigint := lock_user(_owner); t auto_top_up;
BEGIN
  SELECT x.* INTO t FROM auto_top_up x WHERE x.owner_id = _owner AND x.state IN ('due', 'charging') AND x.next_try_at <= clock();
  IF t.owner_id IS NULL THEN RETURN; END IF;
  IF t.state = 'due' AND balance_of(user_id) >= t.threshold THEN
    UPDATE auto_top_up x SET state = 'armed', attempt_id = NULL, next_try_at = NULL WHERE x.owner_id = _owner;
    RETURN;
  END IF;
  IF t.state = 'charging' AND t.intent IS NULL AND t.attempt_at < clock() - interval '23 hours' THEN
    UPDATE auto_top_up x SET state = 'off', attempt_id = NULL, next_try_at = NULL, last_error = 'outcome_unknown' WHERE x.owner_id = _owner;
    RETURN;
  END IF;
  UPDATE auto_top_up x SET state = 'charging', next_try_at = clock() + _hold_ms * interval '1 millisecond',
    attempt_at = CASE WHEN t.state = 'due' THEN clock() ELSE x.attempt_at END WHERE x.owner_id = _owner;
  RETURN QUERY SELECT t.attempt_id, t.attempt_amount, t.intent, p.customer, p.payment_method, p.intent FROM payer p WHERE p.owner_id = _owner;
END $$;

-- What became of a try. 'processing' keeps it under way with the id of its payment; 'failed' tries anew after 10 minutes, then after an hour,
-- and the third failure in a row switches the top-up off. False when that try is over already.
CREATE FUNCTION end_top_up(_owner uuid, _attempt uuid, _outcome text, _intent text, _error text)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE user_id bigint := lock_user(_owner); t auto_top_up; gives_up boolean;
BEGIN
  SELECT * INTO t FROM auto_top_up WHERE owner_id = _owner AND attempt_id = _attempt;
  IF t.owner_id IS NULL THEN RETURN false; END IF;
  IF _outcome = 'processing' THEN
    UPDATE auto_top_up SET intent = _intent WHERE owner_id = _owner;
  ELSIF _outcome = 'succeeded' THEN
    UPDATE auto_top_up SET state = 'armed', failures = 0, last_error = NULL, attempt_id = NULL, next_try_at = NULL, intent = NULL,
      last_topped_up_at = clock() WHERE owner_id = _owner;
  ELSE
    gives_up := t.failures + 1 >= 3;
    UPDATE auto_top_up SET failures = t.failures + 1, last_error = _error, intent = NULL,
      state = CASE WHEN gives_up THEN 'off' ELSE 'due' END,
      attempt_id = CASE WHEN NOT gives_up THEN gen_random_uuid() END, attempt_amount = t.amount, attempt_at = clock(),
      next_try_at = CASE WHEN NOT gives_up THEN clock() + CASE t.failures WHEN 0 THEN interval '10 minutes' ELSE interval '1 hour' END END
    WHERE owner_id = _owner;
  END IF;
  RETURN true;
END $$;`;

const AUDIT = `
-- What of each deposit was taken back and not returned, where anything was.
CREATE VIEW withdrawn AS
SELECT deposit_id, sum(amount)::bigint AS amount FROM (
  SELECT w.deposit_id, w.amount FROM withdrawal w
  UNION ALL SELECT d.of_deposit, -d.amount FROM deposit d WHERE d.of_deposit IS NOT NULL) movement GROUP BY deposit_id;

-- Rows as those of the view \`audit\`. A function, so that it finds the tables by name whatever is done to them.
CREATE FUNCTION payments_audit() RETURNS TABLE (invariant text, count bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
BEGIN
  RETURN QUERY SELECT 'every fee is one transfer', count(*)
    FROM (SELECT d.id::text AS ref, d.fee FROM deposit d WHERE d.fee > 0) f
    FULL JOIN (SELECT t.ref, sum(t.amount) AS amount FROM transfer t WHERE t.code = 9 GROUP BY t.ref) t ON t.ref = f.ref
    WHERE f.fee IS DISTINCT FROM t.amount::bigint;
  RETURN QUERY SELECT 'every withdrawal is one transfer', count(*) FROM withdrawal w
    FULL JOIN (SELECT x.id, x.amount, x.code FROM transfer x WHERE x.code IN (6, 8)) t ON t.id = w.id
    WHERE (w.amount, CASE w.kind WHEN 'expiry' THEN 8 ELSE 6 END) IS DISTINCT FROM (t.amount, t.code::int);
  RETURN QUERY SELECT 'every payment is one deposit with its fee', count(*)
    FROM (SELECT x.* FROM payment x WHERE x.deposit_id IS NOT NULL) p
    FULL JOIN (SELECT x.* FROM deposit x WHERE x.kind = 'purchase') d ON d.id = p.deposit_id
    WHERE (p.paid, p.owner_id) IS DISTINCT FROM (d.amount + d.fee, d.owner_id);
  RETURN QUERY SELECT 'what was taken of a payment is what was withdrawn', count(*) FROM payment p
    LEFT JOIN withdrawn w ON w.deposit_id = p.deposit_id
    WHERE p.deposit_id IS NOT NULL AND (p.taken <> coalesce(w.amount, 0) OR p.taken > p.claimed);
  RETURN QUERY SELECT 'no deposit gave back more than it brought', count(*) FROM withdrawn w LEFT JOIN deposit d ON d.id = w.deposit_id
    WHERE coalesce(w.amount NOT BETWEEN 0 AND d.amount OR d.kind = 'reversal', true);
  RETURN QUERY SELECT 'promotional credit is unspent, spent or expired', count(*) FROM promo p
    FULL JOIN (SELECT x.* FROM deposit x WHERE x.kind = 'promo') d ON d.id = p.deposit_id
    LEFT JOIN withdrawn w ON w.deposit_id = d.id
    WHERE coalesce(p.remaining + coalesce(w.amount, 0) > d.amount, true);
END $$;`;
