import { connectBus, type Bus } from '@switchyard/bus';
import { CreateAccount, CreateDeposit, CreateKey, GetBalance, RunAudit } from '@switchyard/contracts';
import { waitUntil } from '@switchyard/testing';
import { randomUUID } from 'node:crypto';
import { as, START_TIMEOUT_MS, startTestStack, type Json, type TestStack } from './test-stack.js';

/** Seconds for an answer, so that requests run at the same time on a slow machine, too. */
const TOKENS_PER_SECOND = 6;
const WORDS = 20;
const SERVED = 6;
const ASKED = 40;

interface Customer {
  readonly accountId: string;
  readonly key: string;
}

describe('credit on two edges', () => {
  let stack: TestStack;
  let bus: Bus;

  beforeAll(async () => {
    stack = await startTestStack({
      edges: 2,
      environment: { SIMULATOR_TOKENS_PER_SECOND: String(TOKENS_PER_SECOND) },
    });
    bus = await connectBus({ servers: stack.natsUrl, name: 'test' });
  }, START_TIMEOUT_MS);

  // I15: the audit is empty after every test.
  afterEach(async () => {
    expect((await bus.rpc.call(RunAudit, {})).violations).toEqual([]);
  });

  afterAll(async () => {
    await bus?.close();
    await stack?.stop();
  }, START_TIMEOUT_MS);

  const customer = async (): Promise<Customer> => {
    const { accountId } = await bus.rpc.call(CreateAccount, { name: 'poor' }, { timeoutMs: 10_000 });
    const { secret } = await bus.rpc.call(CreateKey, { accountId, kind: 'inference', name: 'key' });
    return { accountId, key: secret };
  };
  const deposit = ({ accountId }: Customer, amountNanos: bigint) =>
    bus.rpc.call(CreateDeposit, { accountId, amountNanos, source: 'test', externalId: randomUUID(), note: null });
  const balance = ({ accountId }: Customer) => bus.rpc.call(GetBalance, { accountId });
  const chat = ({ key }: Customer, edge: number) =>
    stack.api('/chat/completions', {
      method: 'POST',
      key,
      edge,
      body: JSON.stringify({
        model: 'sandbox/echo',
        max_tokens: 2 * WORDS,
        messages: [{ role: 'user', content: 'word '.repeat(WORDS) }],
      }),
    });
  const metadata = (answer: { body: Json }) => answer.body['error']?.['metadata'];
  /** What one request sets aside, as the refusal of a customer without money tells. */
  const boundOf = async (): Promise<bigint> => {
    const refused = await chat(await customer(), 0);
    expect([refused.status, as(metadata(refused)?.['code'])]).toEqual([402, 'insufficient_credits']);
    return BigInt(Math.round(as<number>(metadata(refused)?.['required_usd']) * 1e9));
  };
  const settled = (who: Customer, answers: number) =>
    waitUntil(
      async () => {
        const { spentNanos } = await balance(who);
        return answers === 0 || spentNanos > 0n;
      },
      { what: 'usage is on the books', timeoutMs: 20_000 },
    );

  it('serves exactly as many requests as there is money for, also when that lies idle at the other edge', async () => {
    const bound = await boundOf();
    const poor = await customer();
    await deposit(poor, 3n * bound);
    // Three answers cost less than their bounds: the rest of them stays in the lease of the first edge.
    const first = await Promise.all([chat(poor, 0), chat(poor, 0), chat(poor, 0)]);
    expect(first.map(({ status }) => status)).toEqual([200, 200, 200]);
    await settled(poor, 3);
    const { availableNanos, leasedNanos } = await balance(poor);
    expect(leasedNanos > 0n).toBe(true);
    await deposit(poor, BigInt(SERVED) * bound - availableNanos - leasedNanos);
    // More than half of them ask the edge that has nothing of it.
    const answers = await Promise.all(Array.from({ length: ASKED }, (_, index) => chat(poor, index % 3 === 0 ? 0 : 1)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(SERVED);
    const refused = answers.filter(({ status }) => status !== 200);
    for (const answer of refused) {
      expect([answer.status, as(metadata(answer)?.['code'])]).toEqual([402, 'in_flight_budget_exhausted']);
      expect(as(metadata(answer)?.['limit_source'])).toBe('openrouter_in_flight_budget');
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    }
    expect(refused).toHaveLength(ASKED - SERVED);
  }, 60_000);

  it('is free again seconds after an edge was killed, because the next life of that edge says so', async () => {
    const rich = await customer();
    await deposit(rich, 10_000_000_000n);
    expect((await chat(rich, 1)).status).toBe(200);
    expect((await balance(rich)).leasedNanos > 0n).toBe(true);
    const { pid } = stack.services().find(({ name }) => name === 'edge-2')!;
    process.kill(pid, 'SIGKILL');
    // By itself the lease would last a minute, and half a minute of grace.
    await waitUntil(async () => (await balance(rich)).leasedNanos === 0n, {
      what: 'the money of the dead edge is back',
      timeoutMs: 40_000,
    });
    await waitUntil(
      async () => {
        const answer = await chat(rich, 1).catch(() => null);
        return answer?.status === 200;
      },
      { what: 'the next life serves', timeoutMs: 30_000 },
    );
  }, 90_000);
});
