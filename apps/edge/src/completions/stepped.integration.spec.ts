import { AdmissionTickets, Allowance } from '@switchyard/contracts';
import { waitUntil } from '@switchyard/testing';
import type { z } from 'zod';
import { aModel, anEndpoint } from '../catalogue/testing/builders.js';
import { CreditService } from '../credit/credit.service.js';
import { errorOfResponse, postJson } from '../testing/http.js';
import { PEPPER } from '../testing/small-auth.js';
import { SmallStack } from '../testing/small-stack.js';
import type { RunningEdge } from '../testing/small-stack.js';
import { begin, delta } from '../testing/small-worker.js';
import type { Scene, SmallWorker } from '../testing/small-worker.js';

/** At a dollar per million tokens: a thousand nano-dollars for each. */
const NANOS_PER_TOKEN = 1_000n;

describe('a stream whose money is set aside in steps', () => {
  let stack: SmallStack;
  let edge: RunningEdge;
  let sandbox: SmallWorker;
  let allowances: Allowance[];

  beforeAll(async () => {
    stack = await SmallStack.start();
    sandbox = (await stack.worker('sandbox')).service;
    const endpoint = anEndpoint({ tag: 'sandbox', maxCompletionTokens: 100_000 });
    await stack.put(aModel({ id: 'sandbox/long', endpoints: [endpoint] }));
    edge = await stack.edge();
    await stack.knows(edge, 1);
  }, 60_000);
  beforeEach(() => {
    allowances = [];
    sandbox.calls = [];
    sandbox.script = (scene) => speakWhileAllowed(scene);
  });
  afterAll(() => stack.stop(), 60_000);

  /** A worker that has always used half of what it is allowed, until it is allowed no more. */
  async function speakWhileAllowed(scene: Scene): Promise<void> {
    const { context, call, worker } = scene;
    begin(scene);
    await context.write(delta(call, 'Hello'));
    let held = { boundNanos: call.boundNanos, ticket: call.ticket };
    let outputTokens = call.allowance;
    while (outputTokens !== null) {
      const answered = Promise.withResolvers<Allowance>();
      context.onAllow((answer) => answered.resolve(Allowance.decode(answer as z.input<typeof Allowance>)));
      context.meter({ usedTokens: outputTokens / 2, outputTokens });
      const allowance = await answered.promise;
      allowances.push(allowance);
      if (allowance.last) break;
      outputTokens = allowance.outputTokens;
      held = allowance;
    }
    const usage = await worker.bill(call, 5, { boundNanos: held.boundNanos, ticket: held.ticket });
    return context.end({ usage });
  }

  const ask = (secret: string, headers: Record<string, string> = {}, fields: object = {}) =>
    postJson(
      `${edge.url}/api/v1/chat/completions`,
      secret,
      { model: 'sandbox/long', stream: true, messages: [{ role: 'user', content: 'Hi' }], ...fields },
      { headers },
    );
  const inSteps = { 'x-switchyard-hold': 'stepped' };
  const held = () => edge.app.get(CreditService, { strict: false }).heldNanos;

  it('is served where the whole bound is not affordable, as far as the money goes', async () => {
    const { secret } = stack.customer(0.01);
    const refused = await ask(secret);
    expect(refused.status).toBe(402);
    await refused.text();
    const response = await ask(secret, inSteps);
    expect(response.status).toBe(200);
    await response.text();
    expect(sandbox.calls[0]?.allowance).toBe(1_024);
    const last = allowances.at(-1)!;
    expect(last).toMatchObject({ last: true });
    // Steps of 1,024 tokens, of which a cent buys nine with the prompt.
    expect(last.outputTokens).toBe(9 * 1_024);
    expect(last.boundNanos).toBeLessThanOrEqual(10_000_000n);
    expect(last.boundNanos).toBeGreaterThan(9n * 1_024n * NANOS_PER_TOKEN);
    await waitUntil(() => held() === 0n, { what: 'the hold' });
  });

  it('vouches for every bound that it grows to', async () => {
    const { secret, key } = stack.customer(0.005);
    await (await ask(secret, inSteps)).text();
    expect(allowances.length).toBeGreaterThan(2);
    const tickets = new AdmissionTickets(PEPPER);
    const call = sandbox.calls[0]!;
    for (const { boundNanos, ticket } of allowances) {
      const claim = { ...call, endpointId: call.endpoint.id, price: call.endpoint.price, boundNanos };
      expect(tickets.isGenuine(ticket!, claim)).toBe(true);
      expect(tickets.isGenuine(ticket!, { ...claim, boundNanos: boundNanos + 1n })).toBe(false);
    }
    await waitUntil(() => [...stack.ledger.usage.values()].some(({ keyId }) => keyId === key.id), {
      what: 'the usage',
    });
    const usage = [...stack.ledger.usage.values()].find(({ keyId }) => keyId === key.id)!;
    expect(usage.boundNanos).toBe(allowances.at(-1)!.boundNanos);
  });

  it('has all of it set aside in the end when there is enough', async () => {
    const { secret } = stack.customer(1);
    await (await ask(secret, inSteps, { max_tokens: 3_000 })).text();
    expect(allowances.at(-1)).toMatchObject({ outputTokens: null, last: true });
  });

  it.each([
    ['its client did not ask for it', {}, {}],
    ['its answer is shorter than a step', inSteps, { max_tokens: 1_000 }],
    ['it comes in one piece', inSteps, { stream: false, max_tokens: 3_000 }],
  ])('is an ordinary one when %s', async (_, headers, fields) => {
    const { secret } = stack.customer(1);
    await (await ask(secret, headers, fields)).text();
    expect(sandbox.calls[0]?.allowance).toBeNull();
  });

  it('is refused when the header says nothing that is known', async () => {
    const { secret } = stack.customer(1);
    const response = await ask(secret, { 'x-switchyard-hold': 'half' });
    expect(response.status).toBe(400);
    expect((await errorOfResponse(response)).message).toContain('x-switchyard-hold');
  });
});
