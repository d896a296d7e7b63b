import { EventStreamCodec } from '@smithy/core/event-streams';

/** A message in the form of the decoded recordings. */
export interface StreamMessage {
  readonly headers: Readonly<Record<string, string>>;
  readonly payload: unknown;
}

/** AWS's own code, so that our reader has something to be measured by. */
const codec = new EventStreamCodec(
  (bytes) => Buffer.from(bytes).toString('utf8'),
  (text) => Buffer.from(text, 'utf8'),
);

export function encodeMessage({ headers, payload }: StreamMessage): Buffer {
  const named = Object.entries(headers).map(([name, value]) => [name, { type: 'string' as const, value }]);
  const body = payload === undefined ? '' : JSON.stringify(payload);
  return Buffer.from(codec.encode({ headers: Object.fromEntries(named), body: Buffer.from(body, 'utf8') }));
}

/** An ordinary event of the given type. */
export const encodeEvent = (type: string, payload: unknown): Buffer =>
  encodeMessage({
    headers: { ':event-type': type, ':content-type': 'application/json', ':message-type': 'event' },
    payload,
  });

export const encodeException = (type: string, message: string): Buffer =>
  encodeMessage({
    headers: { ':exception-type': type, ':content-type': 'application/json', ':message-type': 'exception' },
    payload: { message },
  });

/**
 * Events that were kept as lines `{"messageStop": {…}}`, or `{"exception": {"throttlingException": {…}}}`; a last line without its
 * line break was cut.
 */
export function encodePayloadLines(text: string): Buffer {
  const messages = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [type, payload] = onlyEntry(JSON.parse(line) as object);
      if (type !== 'exception') return encodeEvent(type, payload);
      const [name, details] = onlyEntry(payload as object);
      return encodeException(name, (details as { message: string }).message);
    });
  const whole = Buffer.concat(messages);
  return text.endsWith('\n') ? whole : whole.subarray(0, whole.length - 20);
}

const onlyEntry = (value: object): [string, unknown] => Object.entries(value)[0]!;

/** All whole messages of a stream. */
export function decodeMessages(bytes: Buffer): StreamMessage[] {
  const messages: StreamMessage[] = [];
  for (let start = 0; start + 4 <= bytes.length;) {
    const end = start + bytes.readUInt32BE(start);
    if (end > bytes.length) break;
    const { headers, body } = codec.decode(bytes.subarray(start, end));
    const texts = Object.entries(headers).map(([name, { value }]) => [name, String(value)]);
    messages.push({
      headers: Object.fromEntries(texts) as Record<string, string>,
      payload: JSON.parse(Buffer.from(body).toString('utf8')),
    });
    start = end;
  }
  return messages;
}
