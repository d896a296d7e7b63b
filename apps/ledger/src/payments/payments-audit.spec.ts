import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { fundAccount } from '../testing/accounts.js';
import { paidSession, startPaymentsBench, type PaymentsBench } from './testing/payments-bench.js';

const WITHDRAWAL = `INSERT INTO withdrawal (id, owner_id, kind, deposit_id, amount, source, external_id, created_at)
  SELECT gen_random_uuid(), d.owner_id, 'refund', d.id, 1, 'forged', 'x', now() FROM deposit d WHERE d.kind = 'purchase' LIMIT 1`;

describe('the audit of payments', () => {
  let bench: PaymentsBench;
  let owner: Client;

  beforeAll(async () => {
    bench = await startPaymentsBench({ ppm: 50_000n, minNanos: 0n });
    owner = new Client({ connectionString: bench.ledger.ownerUrl, options: '-c search_path=ledger' });
    await owner.connect();
    const accountId = await fundAccount(bench.ledger, 0n);
    await bench.deliver('checkout.session.completed', paidSession(accountId, `pi_${randomUUID()}`, 1_000));
    await bench.ledger.asOwner(
      `SELECT * FROM grant_promo(gen_random_uuid(), $1, 500, 'gift', NULL, now() + interval '1 day')`,
      [accountId],
    );
  }, 60_000);
  afterAll(async () => {
    await owner?.end();
    await bench?.stop();
  });

  /** What the audit says after a change that only the owner of the database can make, and that is then undone. */
  const after = async (change: string): Promise<string[]> => {
    await owner.query('BEGIN');
    try {
      await owner.query(`SET session_replication_role = replica; ${change}`);
      const { rows } = await owner.query<{ invariant: string }>(
        'SELECT invariant FROM payments_audit() WHERE count > 0',
      );
      return rows.map(({ invariant }) => invariant);
    } finally {
      await owner.query('ROLLBACK');
    }
  };

  it('is empty while nothing is wrong', async () => {
    await expect(after('SELECT 1')).resolves.toEqual([]);
  });

  it.each([
    ['a withdrawal without a transfer', WITHDRAWAL, 'every withdrawal is one transfer'],
    ['a fee that was changed', `UPDATE deposit SET fee = fee + 1 WHERE kind = 'purchase'`, 'every fee is one transfer'],
    ['a fee that was lost', 'DELETE FROM transfer WHERE code = 9', 'every fee is one transfer'],
    ['a payment of another amount', 'UPDATE payment SET paid = paid + 1', 'every payment is one deposit with its fee'],
    ['a purchase without a payment', 'DELETE FROM payment', 'every payment is one deposit with its fee'],
    [
      'a claim that was never booked',
      'UPDATE payment SET taken = 1, claimed = 1',
      'what was taken of a payment is what was withdrawn',
    ],
    [
      'more given back than came in',
      WITHDRAWAL.replace(' 1, ', ' d.amount + 1, '),
      'no deposit gave back more than it brought',
    ],
    ['a gift that grew', 'UPDATE promo SET remaining = 501', 'promotional credit is unspent, spent or expired'],
    ['a gift without its time', 'DELETE FROM promo', 'promotional credit is unspent, spent or expired'],
  ])('finds %s', async (_, change, invariant) => {
    await expect(after(change)).resolves.toContain(invariant);
  });
});
