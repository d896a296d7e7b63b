import { Cancellation } from './cancellation.js';
import { CallCancelled, Deadlines } from './deadlines.js';
import { DrainSlots } from './drain-slots.js';
import { MAX_DRAINS } from './limits.js';

const TIMEOUTS = { connectMs: 60_000, firstByteMs: 60_000, idleMs: 60_000, totalMs: 60_000 };
const opened: { end(): void }[] = [];
afterEach(() => opened.splice(0).forEach((each) => each.end()));

function cancellation(options: { stopsBilling: boolean; slots?: DrainSlots; drainMs?: number; drainBytes?: number }) {
  const client = new AbortController();
  const deadlines = new Deadlines(TIMEOUTS);
  const { slots = new DrainSlots(), ...rest } = options;
  const created = new Cancellation({ signal: client.signal, deadlines, slots, ...rest });
  opened.push({ end: () => (created.end(), deadlines.clear()) });
  return { client, deadlines, created };
}

describe('a cancel', () => {
  it('closes the connection at once where that stops the bill', () => {
    const { client, deadlines, created } = cancellation({ stopsBilling: true });
    client.abort('client_closed');
    expect(deadlines.signal.reason).toBeInstanceOf(CallCancelled);
    expect(created).toMatchObject({ reason: 'client_closed', fault: false });
  });

  it('reads on where it does not, until the time is over', async () => {
    const { client, deadlines } = cancellation({ stopsBilling: false, drainMs: 30 });
    client.abort('client_closed');
    expect(deadlines.signal.aborted).toBe(false);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(deadlines.signal.aborted).toBe(true);
  });

  it('reads on until so many bytes came after it', () => {
    const { client, deadlines, created } = cancellation({ stopsBilling: false, drainBytes: 1000 });
    created.read(50_000);
    client.abort('client_closed');
    created.read(50_900);
    expect(deadlines.signal.aborted).toBe(false);
    created.read(51_001);
    expect(deadlines.signal.aborted).toBe(true);
  });

  it('closes when too many are read on already, and takes the place of one that ended', () => {
    const slots = new DrainSlots();
    const all = Array.from({ length: MAX_DRAINS }, () => cancellation({ stopsBilling: false, slots }));
    for (const { client } of all) client.abort('client_closed');
    const late = cancellation({ stopsBilling: false, slots });
    late.client.abort('client_closed');
    expect(late.deadlines.signal.aborted).toBe(true);
    all[0]?.created.end();
    all[0]?.created.end();
    const next = cancellation({ stopsBilling: false, slots });
    next.client.abort('client_closed');
    expect(next.deadlines.signal.aborted).toBe(false);
  });

  it.each(['drain', 'edge_lost', 'edge closed', 'stream_lost', 'worker_lost', 'protocol_error', 'unknown stream'])(
    'closes at once when the gateway itself cannot go on (%s), and is no wish of the client',
    (reason) => {
      const { client, deadlines, created } = cancellation({ stopsBilling: false });
      client.abort(reason);
      expect([deadlines.signal.aborted, created.fault]).toEqual([true, true]);
    },
  );
});
