import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ProtocolId } from '@switchyard/contracts';
import { protocolOf } from '../index.js';
import { encodeEvent, encodePayloadLines } from './event-stream.js';

/** The protocol whose format this one's answers have: itself, unless it is derived. */
export const formatOf = (protocol: ProtocolId): ProtocolId => protocolOf(protocol).derivation?.base ?? protocol;

/** Formats whose streams are no events: their fixtures end otherwise. */
const STREAM_ENDINGS: Partial<Record<ProtocolId, string>> = {
  ollama: '.ndjson',
  'bedrock-converse': '.jsonl',
};

/** Where an own small fixture lies; `.sse` is a stream of any kind. */
export function fixturePath(protocol: ProtocolId, file: string): string {
  const format = formatOf(protocol);
  const name = file.replace(/\.sse$/, STREAM_ENDINGS[format] ?? '.sse');
  return fileURLToPath(new URL(`../__fixtures__/${format}/${name}`, import.meta.url));
}

/** An own small fixture, as the protocol sends it. */
export function fixtureOf(protocol: ProtocolId, file: string): Buffer {
  const bytes = readFileSync(fixturePath(protocol, file));
  if (protocol === 'bedrock-converse' && file.endsWith('.sse')) return encodePayloadLines(bytes.toString('utf8'));
  return protocol === 'anthropic-bedrock' && file.endsWith('.sse') ? invocationOf(bytes.toString('utf8')) : bytes;
}

/** The events of an event stream in the envelopes of InvokeModel; one that was cut stays cut. */
function invocationOf(events: string): Buffer {
  const blocks = events.split(/\n\n/).filter((block) => block.trim() !== '');
  const messages = blocks.map((block) => {
    const data = block
      .split('\n')
      .filter((line) => line.startsWith('data:'))
      .map((line) => line.slice(5).trim())
      .join('\n');
    return encodeEvent('chunk', { bytes: Buffer.from(data).toString('base64'), p: 'abcdefgh' });
  });
  const whole = Buffer.concat(messages);
  return events.endsWith('\n\n') ? whole : whole.subarray(0, whole.length - (messages.at(-1)?.length ?? 0) + 20);
}
