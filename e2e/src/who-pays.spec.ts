import { connectBus, type Bus } from '@switchyard/bus';
import {
  CreateAccount,
  CreateDeposit,
  CreateKey,
  GetBalance,
  GetGeneration,
  RunAudit,
  parsePricePicos,
} from '@switchyard/contracts';
import { waitUntil } from '@switchyard/testing';
import { randomUUID } from 'node:crypto';
import { START_TIMEOUT_MS, startTestStack, type TestStack } from './test-stack.js';

const EDGES = 2;

interface Customer {
  readonly accountId: string;
  readonly key: string;
}

/** An answer as it was read until it ended or was cut. */
interface Read {
  readonly id: string;
  readonly text: string;
  readonly cut: boolean;
}

/** Rows of docs/who-pays.md that need the whole system: what the client reads as its cost is what the ledger takes, to the nano-dollar. */
describe('who pays', () => {
  let stack: TestStack;
  let bus: Bus;

  beforeAll(async () => {
    stack = await startTestStack({ edges: EDGES, workers: 2 });
    bus = await connectBus({ servers: stack.natsUrl, name: 'test' });
  }, START_TIMEOUT_MS);
  afterEach(async () => {
    expect((await bus.rpc.call(RunAudit, {})).violations).toEqual([]);
  });
  afterAll(async () => {
    await bus?.close();
    await stack?.stop();
  }, START_TIMEOUT_MS);

  async function customer(amountNanos: bigint): Promise<Customer> {
    const { accountId } = await bus.rpc.call(CreateAccount, { name: 'payer' }, { timeoutMs: 10_000 });
    const { secret } = await bus.rpc.call(CreateKey, { accountId, kind: 'inference', name: 'key' });
    await bus.rpc.call(CreateDeposit, { accountId, amountNanos, source: 'test', externalId: randomUUID(), note: null });
    return { accountId, key: secret };
  }

  const ask = (
    { key }: Customer,
    directive: string,
    fields: object = {},
    headers: Record<string, string> = {},
    edge = 0,
  ) =>
    fetch(`${stack.edgeUrls[edge]}/api/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
      body: JSON.stringify({
        model: 'sandbox/echo',
        max_tokens: 4_000,
        messages: [{ role: 'user', content: `A prompt. [[fault: ${directive}]]` }],
        ...fields,
      }),
    });

  async function read(response: Response, onText?: (text: string) => Promise<void>): Promise<Read> {
    const id = response.headers.get('x-generation-id')!;
    let text = '';
    try {
      for await (const bytes of response.body!) {
        text += Buffer.from(bytes).toString();
        await onText?.(text);
      }
      return { id, text, cut: false };
    } catch {
      return { id, text, cut: true };
    }
  }

  const costIn = (text: string): bigint =>
    parsePricePicos(Number(/"cost":([0-9.]+(?:e-?\d+)?)/.exec(text)?.[1]).toFixed(12)) / 1_000n;

  /** The entry of the ledger, once it is there. */
  async function entryOf({ accountId }: Customer, generationId: string, timeoutMs: number) {
    const get = () => bus.rpc.call(GetGeneration, { accountId, generationId });
    await waitUntil(async () => (await get()).usage !== null, { what: 'the usage is booked', timeoutMs });
    return get();
  }
  const spentBy = async ({ accountId }: Customer) => (await bus.rpc.call(GetBalance, { accountId })).spentNanos;

  it.each([true, false])(
    'finished: cost and charge agree, and the balance follows at once (stream: %s)',
    async (stream) => {
      const payer = await customer(1_000_000_000n);
      const { id, text } = await read(await ask(payer, 'tokens=50', { stream }));
      const { usage, chargedNanos } = await entryOf(payer, id, 5_000);
      expect(usage).toMatchObject({ outcome: 'final', witness: 'worker' });
      expect(chargedNanos).toBe(costIn(text));
      expect(await spentBy(payer)).toBe(chargedNanos);
    },
  );

  it('cancelled_closed: the charge is the estimate', async () => {
    const payer = await customer(1_000_000_000n);
    const client = new AbortController();
    const response = await fetch(`${stack.edgeUrls[0]}/api/v1/chat/completions`, {
      method: 'POST',
      signal: client.signal,
      headers: { authorization: `Bearer ${payer.key}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        model: 'sandbox/echo',
        stream: true,
        max_tokens: 4_000,
        messages: [{ role: 'user', content: 'A prompt. [[fault: tokens=2000 tps=50]]' }],
      }),
    });
    const { id } = await read(response, async (text) => {
      if (text.split('\n\n').length > 5) client.abort();
    });
    const { usage, chargedNanos } = await entryOf(payer, id, 5_000);
    expect(usage).toMatchObject({ outcome: 'estimate', cancelled: true, witness: 'worker' });
    expect([chargedNanos, await spentBy(payer)]).toEqual([usage!.costNanos, usage!.costNanos]);
  });

  it('gateway_failed: a killed worker costs nothing', async () => {
    const payer = await customer(1_000_000_000n);
    let killed = false;
    const { id, text } = await read(await ask(payer, 'tokens=3000 tps=50', { stream: true }), async (so) => {
      if (killed || so.split('\n\n').length < 5) return;
      killed = true;
      for (const { pid } of stack.workers('sandbox')) process.kill(pid, 'SIGKILL');
    });
    expect(text).toContain('"finish_reason":"error"');
    const { usage, chargedNanos } = await entryOf(payer, id, 20_000);
    expect(usage).toMatchObject({ outcome: 'insured', witness: 'edge' });
    expect([chargedNanos, await spentBy(payer)]).toEqual([0n, 0n]);
    await waitUntil(() => stack.workers('sandbox').length === 2, { what: 'both workers run', timeoutMs: 30_000 });
  }, 60_000);

  it('gateway_failed: a killed edge costs nothing, although the provider ends the answer before anybody notices', async () => {
    const payer = await customer(1_000_000_000n);
    const other = await customer(1_000_000_000n);
    const edge = stack.services().find(({ name }) => name === `edge-${EDGES}`)!;
    await waitUntil(async () => (await read(await ask(other, 'tokens=1', {}, {}, EDGES - 1))).text.includes('"cost"'), {
      what: 'both workers serve',
    });
    let killed = false;
    const response = await ask(payer, 'tokens=150 tps=50', { stream: true }, {}, EDGES - 1);
    const { id, cut } = await read(response, async (so) => {
      if (killed || so.split('\n\n').length < 20) return;
      killed = true;
      process.kill(edge.pid, 'SIGKILL');
    });
    expect([killed, cut]).toEqual([true, true]);
    const { usage, chargedNanos } = await entryOf(payer, id, 30_000);
    expect(usage).toMatchObject({ outcome: 'insured', witness: 'worker', usage: { outputTokens: 150 } });
    expect([chargedNanos, await spentBy(payer)]).toEqual([0n, 0n]);
  }, 90_000);

  it('out_of_credit: a small balance is served in steps as far as it goes, and the charge is the cost that was shown', async () => {
    const { text: shown } = await read(await ask(await customer(1_000_000_000n), 'tokens=2000', { stream: true }));
    // Enough for the prompt and a few hundred tokens, by the price that the answer of a rich customer shows.
    const payer = await customer((costIn(shown) * 3n) / 2n);
    const refused = await ask(payer, 'tokens=4000', { stream: true });
    expect(refused.status).toBe(402);
    await refused.text();
    const { id, text } = await read(
      await ask(payer, 'tokens=4000 tps=2000', { stream: true }, { 'x-switchyard-hold': 'stepped' }),
    );
    expect(text).toMatch(/"finish_reason":"length".*"reason":"credits"/);
    const { usage, chargedNanos } = await entryOf(payer, id, 10_000);
    expect(usage).toMatchObject({ outcome: 'estimate', finishReason: 'length', cancelled: false });
    expect(chargedNanos).toBe(costIn(text));
    expect(await spentBy(payer)).toBe(chargedNanos);
  }, 30_000);
});
