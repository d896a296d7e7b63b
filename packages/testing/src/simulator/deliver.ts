import { outputTokensOf } from './answer.js';
import type { Fault } from './fault.js';
import { echoOf } from './prompt.js';
import type { Format, Frame, Reply } from './formats/format.js';
import type { Wire } from './wire.js';

export interface Pace {
  readonly tokensPerSecond: number;
  readonly firstTokenMs: number;
}

/** Writes a whole answer as one JSON body, after the time that its tokens take. */
export async function deliverBody(wire: Wire, format: Format, reply: Reply, fault: Fault, pace: Pace): Promise<void> {
  const tokens = outputTokensOf(reply.answer);
  const text = JSON.stringify(format.body(reply));
  await wire.pause(pace.firstTokenMs + (pace.tokensPerSecond > 0 ? (tokens * 1000) / pace.tokensPerSecond : 0));
  wire.head(200, { 'content-type': 'application/json', ...hostileHeaders(fault) });
  if (fault.garbageAfter !== undefined) await wire.write(text.slice(0, -10));
  else if (fault.cutAfter !== undefined)
    await wire.write(text.slice(0, text.length / 2)).then(() => wire.destroy('fin'));
  else if (fault.endAfter !== undefined) await wire.write(text.slice(0, text.length / 2));
  else if (fault.resetAfter !== undefined)
    await wire.write(text.slice(0, text.length / 2)).then(() => wire.destroy('rst'));
  else if (fault.stallAfter !== undefined) await wire.write(text.slice(0, text.length / 2)).then(() => wire.stall());
  else if (fault.dripMs !== undefined) await drip(wire, text, fault.dripMs);
  else {
    await wire.write(text, tokens);
    wire.entry.finish = reply.answer.finish;
  }
  await wire.end();
}

/** Writes a stream at its pace and lets the faults happen at their token. */
export async function deliverStream(wire: Wire, format: Format, reply: Reply, fault: Fault, pace: Pace): Promise<void> {
  wire.head(200, {
    'content-type': format.streamType ?? 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache',
    ...hostileHeaders(fault),
  });
  const beat = pacer(wire, pace);
  let sent = 0;
  for (const frame of format.frames(reply)) {
    if (await misbehave({ wire, format, reply, fault, sent, frame })) return wire.end();
    if (frame.kind === 'token') await beat(sent);
    const tokens = frame.kind === 'token' ? (frame.tokens ?? 1) : 0;
    if (fault.dripMs === undefined) await wire.write(frame.text, tokens);
    else await drip(wire, frame.text, fault.dripMs);
    if (frame.kind === 'close') wire.entry.finish = reply.answer.finish;
    sent += tokens;
  }
  if (fault.hang) await wire.stall();
  if (fault.twoDone) await wire.write(lastFrame(format, reply));
  if (fault.afterDone) await wire.write(format.textEvent(reply, 'text after the end'));
  await wire.end();
}

/** What `set_cookie` and `header_bomb` add to an answer. */
export function hostileHeaders(fault: Fault): Record<string, string | string[]> {
  return {
    ...(fault.setCookie && { 'set-cookie': 'tracker=1; Path=/', 'x-upstream-secret': 'internal' }),
    ...(fault.headerBomb && { 'x-bomb': Array.from({ length: 64 }, () => 'b'.repeat(1024)) }),
  };
}

/** Waits before token `index` so that tokens come at the pace, without adding up the errors of timers. */
function pacer(wire: Wire, { tokensPerSecond, firstTokenMs }: Pace): (index: number) => Promise<void> {
  let startedAtMs: number | undefined;
  return async (index) => {
    if (index === 0) await wire.pause(firstTokenMs);
    startedAtMs ??= performance.now();
    if (tokensPerSecond > 0) await wire.pause(startedAtMs + (index * 1000) / tokensPerSecond - performance.now());
  };
}

interface Moment {
  readonly wire: Wire;
  readonly format: Format;
  readonly reply: Reply;
  readonly fault: Fault;
  /** Tokens written so far. */
  readonly sent: number;
  /** What would come next. */
  readonly frame: Frame;
}

/** Lets the fault of this moment happen. True when the stream ends here. */
async function misbehave({ wire, format, reply, fault, sent, frame }: Moment): Promise<boolean> {
  if (frame.kind === 'open' && sent === 0) return false;
  if (frame.kind === 'done' && fault.noDone) return true;
  if (frame.kind === 'done' && fault.hang) await wire.stall();
  if (reached(fault.stallAfter, sent)) await wire.stall();
  if (reached(fault.resetAfter, sent)) wire.destroy('rst');
  if (reached(fault.endAfter, sent)) return true;
  if (reached(fault.cutAfter, sent)) {
    await wire.write(frame.text.slice(0, frame.text.length / 2));
    wire.destroy('fin');
  }
  if (reached(fault.errorAfter, sent)) {
    await wire.write(format.errorEvent(`The sandbox was asked to fail here.${echoOf(reply.prompt, fault)}`));
    return true;
  }
  if (fault.garbageAfter === sent) await wire.write(format.event(`{"this is": not JSON${echoOf(reply.prompt, fault)}`));
  if (sent === 1 && frame.kind === 'token') await writeJunk(wire, format, reply, fault);
  return false;
}

const reached = (after: number | undefined, sent: number): boolean => after !== undefined && sent >= after;

async function writeJunk(wire: Wire, format: Format, reply: Reply, fault: Fault): Promise<void> {
  if (fault.hugeLineBytes) await wire.write(format.textEvent(reply, 'x'.repeat(fault.hugeLineBytes)));
  if (fault.deepJson) await wire.write(format.event(`{"a":`.repeat(100_000) + '1' + '}'.repeat(100_000)));
  if (fault.badUtf8) {
    const [before = '', after = ''] = textIn(format.textEvent(reply, 'MARK')).split('MARK');
    // The first two bytes of a three-byte character, then one that cannot follow; in two writes.
    await wire.write(Buffer.concat([Buffer.from(before), Buffer.from([0xe2, 0x82])]));
    await wire.write(Buffer.concat([Buffer.from([0xff]), Buffer.from(after)]));
  }
  if (fault.endlessLine) {
    await wire.write('data: ');
    for (;;) await wire.write('y'.repeat(64 * 1024));
  }
}

async function drip(wire: Wire, text: string | Uint8Array, everyMs: number): Promise<void> {
  for (const byte of typeof text === 'string' ? Buffer.from(text) : text) {
    await wire.write(Buffer.of(byte));
    await wire.pause(everyMs);
  }
}

/** Of an event in text or, byte for byte, in a binary format. */
const textIn = (event: string | Uint8Array): string =>
  typeof event === 'string' ? event : Buffer.from(event).toString('latin1');

function lastFrame(format: Format, reply: Reply): string | Uint8Array {
  let last: string | Uint8Array = '';
  // A comment is no event, and what ends a stream without a marker is its last one.
  for (const { text } of format.frames(reply)) if (typeof text !== 'string' || !text.startsWith(':')) last = text;
  return last;
}
