import type { Fault } from './fault.js';
import type { Wire } from './wire.js';

/** Notes a job in the book and does what its fault orders before an answer. False when that was the answer. */
export async function begun(wire: Wire, model: string, fault: Fault): Promise<boolean> {
  Object.assign(wire.entry, { format: 'job', model, label: fault.label ?? null });
  if (fault.delayMs) await wire.pause(fault.delayMs);
  if (fault.status === undefined || fault.status === 200) return true;
  await refuse(wire, fault.status, `The sandbox was asked to answer ${fault.status}.`);
  return false;
}

export const refuse = (wire: Wire, status: number, message: string): Promise<void> =>
  reply(wire, status, { error: { message, type: 'sandbox_error', code: null } });

/** An answer in one piece, or half of it where the fault cuts it. */
export async function answer(wire: Wire, body: object, fault: Fault): Promise<void> {
  if (fault.cutAfter === undefined) return reply(wire, 200, body);
  const text = JSON.stringify(body);
  wire.head(200, JSON_HEADERS);
  await wire.write(text.slice(0, text.length / 2));
  return wire.destroy('fin');
}

const JSON_HEADERS = { 'content-type': 'application/json' } as const;

async function reply(wire: Wire, status: number, body: object): Promise<void> {
  wire.head(status, JSON_HEADERS);
  await wire.write(JSON.stringify(body));
  await wire.end();
}
