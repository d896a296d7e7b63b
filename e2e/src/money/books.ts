import { Client } from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';

const RETRY_MS = 100;
const RETRIES = 100;

/** One booked generation, as its correction says where there is one: what it cost, and what its transfers really moved. */
export interface BookedUsage {
  readonly generationId: string;
  readonly outcome: 'final' | 'estimate' | 'insured' | 'void';
  readonly costNanos: bigint;
  /** From lease and user to revenue, less what corrections gave back. */
  readonly paidNanos: bigint;
  /** From the house to revenue. */
  readonly lostNanos: bigint;
  readonly boundNanos: bigint;
  readonly witness: 'worker' | 'edge';
  readonly upstreamId: string | null;
  readonly cancelled: boolean;
  readonly price: Readonly<Record<string, unknown>>;
}

interface UsageRow {
  readonly generation_id: string;
  readonly outcome: BookedUsage['outcome'];
  readonly cost: string;
  readonly paid: string;
  readonly lost: string;
  readonly payload: {
    readonly boundNanos: string;
    readonly witness: BookedUsage['witness'];
    readonly upstreamId: string | null;
    readonly cancelled: boolean;
    readonly price: Readonly<Record<string, unknown>>;
  };
}

/** The ledger's tables, read past every service: what is true is what stands there. */
export class Books {
  #client: Client | null = null;

  private constructor(private readonly url: string) {}

  static async open(url: string): Promise<Books> {
    const books = new Books(url);
    await books.rows('SELECT 1');
    return books;
  }

  /** Runs SQL as the superuser; connects again when the server was away, because a fault test kills it. */
  async rows<Row extends object>(sql: string, values: readonly unknown[] = []): Promise<Row[]> {
    for (let tries = 1; ; tries += 1) {
      try {
        const client = await this.#connected();
        const { rows } = await client.query<Row>(sql, [...values]);
        return rows;
      } catch (error) {
        // SQLSTATE means that the server answered; without one the connection is gone.
        const code = (error as { code?: string }).code ?? '';
        const answered = /^[0-9A-Z]{5}$/.test(code) && !/^(57P|08|53)/.test(code);
        if (answered || tries >= RETRIES) throw error;
        this.#client = null;
        await sleep(RETRY_MS);
      }
    }
  }

  async #connected(): Promise<Client> {
    if (this.#client) return this.#client;
    const client = new Client({ connectionString: this.url, connectionTimeoutMillis: 2_000 });
    // A server that dies is told by the next query.
    client.on('error', () => undefined);
    await client.connect();
    await client.query('SET search_path = ledger, public');
    this.#client = client;
    return client;
  }

  async close(): Promise<void> {
    await this.#client?.end().catch(() => undefined);
    this.#client = null;
  }

  /** The invariants that do not hold; must be empty. */
  violations(): Promise<{ invariant: string; count: string }[]> {
    return this.rows('SELECT invariant, count FROM ledger.audit WHERE count > 0');
  }

  async usage(): Promise<BookedUsage[]> {
    const rows = await this.rows<UsageRow>(
      `SELECT u.generation_id, u.outcome, coalesce(x.cost, u.cost)::text AS cost, coalesce(x.payload, u.payload) AS payload,
         (coalesce(t.paid, 0))::text AS paid, (coalesce(t.lost, 0))::text AS lost
       FROM ledger.usage u LEFT JOIN ledger.usage_correction x USING (generation_id) LEFT JOIN (
         SELECT ref,
           sum(CASE WHEN d.kind IN ('user', 'lease') THEN amount WHEN c.kind IN ('user', 'lease') THEN -amount ELSE 0 END) AS paid,
           sum(CASE WHEN d.kind = 'house_loss' THEN amount WHEN c.kind = 'house_loss' THEN -amount ELSE 0 END) AS lost
         FROM ledger.transfer t JOIN ledger.account d ON d.id = t.debit_account JOIN ledger.account c ON c.id = t.credit_account
         WHERE t.code IN (2, 3, 4, 7) GROUP BY ref) t ON t.ref = u.generation_id`,
    );
    return rows.map(({ generation_id: generationId, outcome, cost, paid, lost, payload }) => ({
      generationId,
      outcome,
      costNanos: BigInt(cost),
      paidNanos: BigInt(paid),
      lostNanos: BigInt(lost),
      boundNanos: BigInt(payload.boundNanos),
      witness: payload.witness,
      upstreamId: payload.upstreamId,
      cancelled: payload.cancelled,
      price: payload.price,
    }));
  }

  /** Generations whose captures were moved more than once: by the id of the transfer that cannot be, so it is looked for. */
  async paidTwice(): Promise<string[]> {
    const rows = await this.rows<{ ref: string }>(
      'SELECT ref FROM ledger.transfer WHERE code IN (2, 3, 4) GROUP BY ref, code HAVING count(*) > 1',
    );
    return rows.map(({ ref }) => ref);
  }

  async openLeases(): Promise<{ id: string; edge: string; epoch: string; balanceNanos: bigint }[]> {
    const rows = await this.rows<{ id: string; edge: string; epoch: string; balance: string }>(
      `SELECT l.id, l.edge_id AS edge, l.edge_epoch AS epoch, (a.credits - a.debits)::text AS balance
       FROM ledger.lease l JOIN ledger.account a ON a.id = l.account_id WHERE l.state <> 'closed'`,
    );
    return rows.map(({ balance, ...lease }) => ({ ...lease, balanceNanos: BigInt(balance) }));
  }

  async quarantined(): Promise<{ generationId: string | null; reason: string }[]> {
    return this.rows('SELECT generation_id AS "generationId", reason FROM ledger.quarantine');
  }

  async totals(): Promise<{
    deposited: bigint;
    available: bigint;
    leased: bigint;
    revenue: bigint;
    houseLoss: bigint;
  }> {
    const [row] = await this.rows<Record<string, string>>(
      'SELECT deposited::text, available::text, leased::text, revenue::text, house_loss::text FROM ledger.totals',
    );
    const sum = (name: string) => BigInt(row?.[name] ?? '0');
    return {
      deposited: sum('deposited'),
      available: sum('available'),
      leased: sum('leased'),
      revenue: sum('revenue'),
      houseLoss: sum('house_loss'),
    };
  }

  /** The label that a client gave its request as title of the application, by generation: the records of the edges. */
  async labels(): Promise<Map<string, string>> {
    const rows = await this.rows<{ id: string; label: string | null }>(
      `SELECT id, record ->> 'appTitle' AS label FROM ledger.generation`,
    );
    return new Map(rows.flatMap(({ id, label }) => (label === null ? [] : [[id, label]])));
  }

  /** Estimates that wait for something better; none where the ledger applies everything at once. */
  async waiting(): Promise<number> {
    const [table] = await this.rows<{ name: string | null }>(
      `SELECT to_regclass('ledger.usage_pending')::text AS name`,
    );
    if (!table?.name) return 0;
    const [row] = await this.rows<{ count: string }>('SELECT count(*) FROM ledger.usage_pending');
    return Number(row?.count ?? 0);
  }
}
