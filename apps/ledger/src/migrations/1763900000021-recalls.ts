import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Parts of leases that come back while these stay open, and the end of edges that are known to be dead. */
export class LedgerRecalls1763900000021 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(RETURN);
    await runner.query(FENCE);
  }

  async down(): Promise<void> {
    throw new Error('the books are never taken down');
  }
}

const RETURN = `
-- Takes back parts of leases of one life of an edge. What is told of each is the sum that was ever given back, so that the same
-- call again moves nothing and a late one no more than was given. Locks as a batch of usage does: leases, users, budgets.
CREATE FUNCTION return_credit(_epoch uuid, _leases uuid[], _returned bigint[])
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE given record; total bigint := 0;
BEGIN
  PERFORM 1 FROM lease WHERE id = ANY (_leases) ORDER BY id FOR NO KEY UPDATE;
  PERFORM 1 FROM account WHERE id IN (SELECT l.user_account FROM lease l WHERE l.id = ANY (_leases)) ORDER BY id FOR NO KEY UPDATE;
  PERFORM 1 FROM budget WHERE (scope_id, period, window_start) IN (
    SELECT s.scope_id, s.period, s.window_start FROM lease_scope s WHERE s.lease_id = ANY (_leases))
  ORDER BY scope_id, period, window_start FOR NO KEY UPDATE;
  FOR given IN
    SELECT l.id, l.account_id, l.user_account, least(g.returned - l.returned, a.credits - a.debits) AS amount
    FROM (SELECT x.lease, max(x.returned) AS returned FROM unnest(_leases, _returned) AS x (lease, returned) GROUP BY x.lease) g
    JOIN lease l ON l.id = g.lease AND l.edge_epoch = _epoch AND l.state <> 'closed' JOIN account a ON a.id = l.account_id
    ORDER BY l.id
  LOOP
    IF given.amount > 0 THEN
      PERFORM reserve(scopes_of(given.id), -given.amount);
      PERFORM post(gen_random_uuid(), given.account_id, given.user_account, given.amount, 5, given.id::text);
      UPDATE lease SET returned = returned + given.amount WHERE id = given.id;
      total := total + given.amount;
    END IF;
  END LOOP;
  RETURN total;
END $$;`;

const FENCE = `
-- The leases of a dead edge lend nothing more and are due when the workers have noticed its death, too, and told the usage of
-- what ran for it. Answers how many there were.
CREATE FUNCTION fence_edge(_edge text, _epoch uuid, _grace_ms int, _wait_ms int)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = ledger, pg_temp AS $$
DECLARE fenced bigint;
BEGIN
  PERFORM 1 FROM lease WHERE edge_id = _edge AND edge_epoch = _epoch AND state <> 'closed' ORDER BY id FOR NO KEY UPDATE;
  UPDATE lease SET state = 'draining',
    expires_at = least(expires_at, clock() + _wait_ms * interval '1 millisecond' - _grace_ms * interval '1 millisecond')
  WHERE edge_id = _edge AND edge_epoch = _epoch AND state <> 'closed';
  GET DIAGNOSTICS fenced = ROW_COUNT;
  RETURN fenced;
END $$;`;
