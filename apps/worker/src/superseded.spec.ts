import { SUPERSEDED } from '@switchyard/bus';
import { Harness, sleep, until } from './testing/harness.js';

let harness: Harness;
beforeAll(async () => {
  harness = await Harness.start();
  await harness.worker();
}, 30_000);
afterAll(() => harness.stop());
beforeEach(() => harness.simulator.clearBook());

const open = (directive: string) =>
  harness.open({ body: { stream: true, messages: [{ role: 'user', content: `Hi [[fault: ${directive}]]` }] } });

describe('an attempt that another one has overtaken', () => {
  it('is closed at once, fails nobody, and is no entry of the generation', async () => {
    const startedAtMs = Date.now();
    const { call, opened } = open('tokens=500 tps=50');
    const stream = await opened;
    await stream[Symbol.asyncIterator]().next();
    const outcome = await stream.cancel(SUPERSEDED);
    expect(outcome).toMatchObject({ kind: 'fail', meta: { usage: null } });
    await until(async () => (await harness.simulator.book())[0]?.aborted === true);
    await until(() => harness.outcomesSince(startedAtMs).length === 1);
    expect(harness.outcomesSince(startedAtMs)[0]).toMatchObject({ outcome: 'cancelled' });
    await sleep(300);
    expect(harness.published.has(call.generationId)).toBe(false);
  });

  it('is no entry either when it had its whole answer ready', async () => {
    const { call, opened } = open('tokens=5');
    const stream = await opened;
    await stream[Symbol.asyncIterator]().next();
    await stream.end;
    await stream.cancel(SUPERSEDED);
    await sleep(500);
    expect(harness.published.has(call.generationId)).toBe(false);
  });

  it('is closed before it has said a word', async () => {
    const controller = new AbortController();
    const body = { stream: true, messages: [{ role: 'user', content: 'Hi [[fault: stall before]]' }] };
    const { call, opened } = harness.open({ body, signal: controller.signal });
    await until(async () => (await harness.simulator.book()).length === 1);
    controller.abort(SUPERSEDED);
    await expect(opened).rejects.toMatchObject({ failure: { code: 'client_closed_request' } });
    await sleep(300);
    expect(harness.published.has(call.generationId)).toBe(false);
  });
});
