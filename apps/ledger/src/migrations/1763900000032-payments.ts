import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What a payment provider tells, and refunds. Facts about a payment are only ever added up (paid once, refunded at most so much,
 * disputed or not); `settle_payment` brings the books to what they say, so neither order nor repetition of messages matters.
 */
export class LedgerPayments1763900000032 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(EVENTS);
    await runner.query(SETTLE);
    await runner.query(FACTS);
    await runner.query(REFUNDS);
  }

  async down(): Promise<void> {
    throw new Error('the books are never taken down');
  }
}

const EVENTS = `
-- First lock of everything that concerns a payment, before the account of whoever it belongs to.
CREATE FUNCTION lock_payment(_intent text) RETURNS void LANGUAGE sql AS
$$ SELECT pg_advisory_xact_lock(hashtextextended(_intent, 0)) $$;

-- A message that was used keeps that status when it comes again.
CREATE FUNCTION note_event(_event text, _type text, _intent text, _owner uuid, _amount bigint, _currency text, _status text)
RETURNS void LANGUAGE sql AS $$
  INSERT INTO payment_event AS e (id, type, intent, owner_id, amount, currency, status, first_seen_at, last_seen_at)
  VALUES (_event, _type, _intent, _owner, _amount, _currency, _status, clock(), clock())
  ON CONFLICT (id) DO UPDATE SET deliveries = e.deliveries + 1, last_seen_at = clock(), owner_id = coalesce(excluded.owner_id, e.owner_id),
    status = CASE WHEN e.status = 'applied' THEN 'applied' ELSE excluded.status END $$;

-- For messages that move nothing whatever the books say.
CREATE FUNCTION note_payment_event(_event text, _type text, _intent text, _amount bigint, _currency text, _status text)
RETURNS text LANGUAGE sql SECURITY DEFINER SET search_path = ledger, pg_temp AS
$$ SELECT note_event(_event, _type, _intent, NULL, _amount, _currency, _status); SELECT _status $$;`;

const SETTLE = `
-- Takes what is claimed as far as it is there, or gives back what was taken too much. The caller has locked the payment.
CREATE FUNCTION settle_payment(_intent text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE p payment; net bigint; user_id bigint; refunds bigint; target bigint; step bigint; back uuid := gen_random_uuid(); moved bigint := 0;
BEGIN
  SELECT * INTO p FROM payment WHERE intent = _intent;
  IF p.deposit_id IS NULL THEN RETURN 0; END IF;
  user_id := lock_user(p.owner_id);
  SELECT d.amount INTO STRICT net FROM deposit d WHERE d.id = p.deposit_id;
  -- The fee is not given back: no more is taken from the account than it was given.
  refunds := least(net, greatest(p.refunded, p.requested));
  SELECT least(net, refunds + coalesce(sum(d.amount), 0)) INTO target FROM dispute d WHERE d.intent = _intent AND d.state <> 'won';
  IF target < p.taken THEN
    moved := target - p.taken;
    PERFORM credit_user(back, p.owner_id, user_id, 'reversal', -moved, 0, 'stripe', back::text, NULL, p.deposit_id);
  END IF;
  WHILE p.taken + moved < target LOOP
    SELECT least(a.credits - a.debits, CASE WHEN p.taken + moved < refunds THEN refunds ELSE target END - p.taken - moved)
    INTO STRICT step FROM account a WHERE a.id = user_id;
    EXIT WHEN step <= 0;
    back := gen_random_uuid();
    PERFORM debit_user(back, p.owner_id, user_id, CASE WHEN p.taken + moved < refunds THEN 'refund' ELSE 'dispute' END, step,
      p.deposit_id, 'stripe', back::text, NULL);
    moved := moved + step;
  END LOOP;
  UPDATE payment SET claimed = target, taken = p.taken + moved WHERE intent = _intent;
  RETURN moved;
END $$;

-- Tries again to take what an account owed and did not have.
CREATE FUNCTION collect_payment(_intent text) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
BEGIN
  PERFORM lock_payment(_intent);
  RETURN settle_payment(_intent);
END $$;`;

const FACTS = `
-- A payment has succeeded. Status: 'applied'; 'duplicate' (booked before); 'contradiction' (booked before with another amount or
-- account); 'wrong_currency', 'bad_amount', 'unknown_account', 'below_fee' (not booked: for people to look at).
CREATE FUNCTION take_payment(
  _event text, _type text, _intent text, _owner uuid, _paid bigint, _currency text, _fee_ppm bigint, _fee_min bigint)
RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE user_id bigint; p payment; fee bigint; made uuid := gen_random_uuid(); status text;
BEGIN
  PERFORM lock_payment(_intent);
  SELECT * INTO p FROM payment WHERE intent = _intent;
  user_id := lock_user(_owner);
  fee := least(greatest(ceil(_paid::numeric * _fee_ppm / 1000000), _fee_min), 1000000000000000000);
  status := CASE
    WHEN _currency <> 'usd' THEN 'wrong_currency'
    WHEN _paid <= 0 OR _paid > 1000000000000000000 THEN 'bad_amount'
    WHEN user_id IS NULL THEN 'unknown_account'
    WHEN p.deposit_id IS NOT NULL AND (p.owner_id, p.paid) IS DISTINCT FROM (_owner, _paid) THEN 'contradiction'
    WHEN p.deposit_id IS NOT NULL THEN 'duplicate'
    WHEN fee >= _paid THEN 'below_fee'
    ELSE 'applied' END;
  IF status = 'applied' THEN
    PERFORM credit_user(made, _owner, user_id, 'purchase', _paid - fee, fee, 'stripe', _intent, NULL, NULL);
    INSERT INTO payment AS x (intent, owner_id, deposit_id, paid, created_at) VALUES (_intent, _owner, made, _paid, clock())
    ON CONFLICT (intent) DO UPDATE SET owner_id = excluded.owner_id, deposit_id = excluded.deposit_id, paid = excluded.paid;
    -- A refund may have been heard of before the payment itself.
    PERFORM settle_payment(_intent);
  END IF;
  PERFORM note_event(_event, _type, _intent, CASE WHEN user_id IS NOT NULL THEN _owner END, _paid, _currency, status);
  RETURN status;
END $$;

-- So much of a payment was given back, all in all.
CREATE FUNCTION note_refunded(_event text, _type text, _intent text, _refunded bigint, _currency text)
RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE status text := CASE WHEN _currency <> 'usd' THEN 'wrong_currency' WHEN _refunded <= 0 THEN 'bad_amount' ELSE 'applied' END;
BEGIN
  PERFORM lock_payment(_intent);
  IF status = 'applied' THEN
    INSERT INTO payment AS p (intent, refunded, created_at) VALUES (_intent, _refunded, clock())
    ON CONFLICT (intent) DO UPDATE SET refunded = greatest(p.refunded, excluded.refunded);
    PERFORM settle_payment(_intent);
  END IF;
  PERFORM note_event(_event, _type, _intent, NULL, _refunded, _currency, status);
  RETURN status;
END $$;

-- The payer's bank took a payment back, or gave it up. What is decided is not opened again by an older message.
CREATE FUNCTION note_dispute(_event text, _type text, _intent text, _dispute text, _amount bigint, _currency text, _state text)
RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE status text := CASE WHEN _currency <> 'usd' THEN 'wrong_currency' WHEN _amount <= 0 THEN 'bad_amount' ELSE 'applied' END;
BEGIN
  PERFORM lock_payment(_intent);
  IF status = 'applied' THEN
    INSERT INTO payment (intent, created_at) VALUES (_intent, clock()) ON CONFLICT (intent) DO NOTHING;
    INSERT INTO dispute AS d (id, intent, amount, state) VALUES (_dispute, _intent, _amount, _state)
    ON CONFLICT (id) DO UPDATE SET state = excluded.state WHERE d.state = 'open';
    PERFORM settle_payment(_intent);
  END IF;
  PERFORM note_event(_event, _type, _intent, NULL, _amount, _currency, status);
  RETURN status;
END $$;`;

const REFUNDS = `
-- Takes unused credit of a deposit back, all of it when no amount is named; promotional credit is not refundable. Through a payment provider
-- only whole steps can be paid back. Outcome: 'created', 'known', 'no_deposit', 'too_much', 'not_payable' (no whole steps).
CREATE FUNCTION begin_refund(_id uuid, _owner uuid, _deposit uuid, _amount bigint, _external_id text, _note text, _step bigint)
RETURNS TABLE (outcome text, refund_id uuid, amount bigint, refundable bigint, state text, available bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE user_id bigint; w withdrawal; d deposit; p payment;
BEGIN
  SELECT x.* INTO p FROM payment x WHERE x.deposit_id = _deposit AND x.owner_id = _owner;
  IF p.intent IS NOT NULL THEN PERFORM lock_payment(p.intent); END IF;
  user_id := lock_user(_owner);
  SELECT x.* INTO p FROM payment x WHERE x.intent = p.intent;
  SELECT x.* INTO d FROM deposit x WHERE x.id = _deposit AND x.owner_id = _owner AND x.kind IN ('manual', 'purchase');
  outcome := 'no_deposit';
  IF user_id IS NULL OR d.id IS NULL THEN RETURN NEXT; RETURN; END IF;
  SELECT x.* INTO w FROM withdrawal x WHERE x.owner_id = _owner AND x.source = 'api' AND x.external_id = _external_id;
  IF w.id IS NOT NULL THEN
    IF w.deposit_id <> _deposit OR w.amount <> coalesce(_amount, w.amount) THEN
      RAISE EXCEPTION 'the refund exists with another amount or deposit' USING ERRCODE = 'SL409';
    END IF;
    outcome := 'known'; refund_id := w.id; amount := w.amount;
  ELSE
    PERFORM count_promo(_owner, user_id);
    SELECT greatest(0, least(d.amount - greatest(withdrawn_of(d.id), coalesce(p.claimed, 0)),
      a.credits - a.debits - (SELECT coalesce(sum(m.remaining), 0) FROM promo m WHERE m.owner_id = _owner AND m.ended_at IS NULL)))
    INTO STRICT refundable FROM account a WHERE a.id = user_id;
    IF p.intent IS NOT NULL THEN refundable := refundable - refundable % _step; END IF;
    amount := coalesce(_amount, refundable);
    outcome := 'not_payable';
    IF p.intent IS NOT NULL AND amount % _step <> 0 THEN RETURN NEXT; RETURN; END IF;
    outcome := 'too_much';
    IF amount > refundable OR amount <= 0 THEN RETURN NEXT; RETURN; END IF;
    outcome := 'created'; refund_id := _id;
    PERFORM debit_user(_id, _owner, user_id, 'refund', amount, d.id, 'api', _external_id, _note);
    IF p.intent IS NOT NULL THEN
      UPDATE payment x SET requested = greatest(x.refunded, x.requested) + begin_refund.amount,
        claimed = x.claimed + begin_refund.amount, taken = x.taken + begin_refund.amount WHERE x.intent = p.intent;
      INSERT INTO provider_refund (withdrawal_id, intent, next_try_at) VALUES (_id, p.intent, clock());
    END IF;
  END IF;
  SELECT coalesce((SELECT CASE r.state WHEN 'done' THEN 'done' WHEN 'failed' THEN 'failed' ELSE 'pending' END
                   FROM provider_refund r WHERE r.withdrawal_id = begin_refund.refund_id), 'done'), a.credits - a.debits
  INTO STRICT state, available FROM account a WHERE a.id = user_id;
  RETURN NEXT;
END $$;

-- Takes one refund in hand that the payment provider has not been told of; no row when there is none to tell or another does it.
CREATE FUNCTION next_provider_refund(_withdrawal uuid, _hold_ms int)
RETURNS TABLE (withdrawal_id uuid, intent text, amount bigint) LANGUAGE sql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
  UPDATE provider_refund r SET tries = tries + 1, next_try_at = clock() + _hold_ms * interval '1 millisecond'
  FROM withdrawal w WHERE w.id = r.withdrawal_id AND r.state = 'pending' AND r.next_try_at <= clock()
    AND r.withdrawal_id = (SELECT d.withdrawal_id FROM provider_refund d WHERE d.state = 'pending' AND d.next_try_at <= clock()
      AND (_withdrawal IS NULL OR d.withdrawal_id = _withdrawal) ORDER BY d.next_try_at LIMIT 1 FOR UPDATE SKIP LOCKED)
  RETURNING r.withdrawal_id, r.intent, w.amount $$;

-- What the payment provider made of a refund: 'sent' (it may still fail), 'done', or 'failed': then the money goes back to the account,
-- once, whatever is told later.
CREATE FUNCTION end_provider_refund(_withdrawal uuid, _refund text, _state text, _error text)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE known provider_refund;
BEGIN
  SELECT * INTO known FROM provider_refund r WHERE r.withdrawal_id = _withdrawal OR (_withdrawal IS NULL AND r.refund_id = _refund);
  IF known.withdrawal_id IS NULL THEN RETURN false; END IF;
  PERFORM lock_payment(known.intent);
  UPDATE provider_refund r SET state = _state, refund_id = coalesce(_refund, r.refund_id), last_error = _error
  WHERE r.withdrawal_id = known.withdrawal_id AND r.state IN ('pending', 'sent', CASE WHEN _state = 'failed' THEN 'done' ELSE 'sent' END);
  IF NOT FOUND THEN RETURN false; END IF;
  IF _state = 'failed' THEN
    UPDATE payment p SET requested = p.requested - w.amount,
      -- Had the provider counted it already, it counts no more.
      refunded = least(p.refunded, p.requested - w.amount)
    FROM withdrawal w WHERE w.id = known.withdrawal_id AND p.intent = known.intent;
    PERFORM settle_payment(known.intent);
  END IF;
  RETURN true;
END $$;`;
