import { Buffer } from 'node:buffer';
import type { ReasoningDetail } from '@switchyard/contracts';
import { isRecord, parseJson } from '../../json.js';

/**
 * Reasoning of one provider in the opaque field of another's format: what its maker wants back byte-exact travels through a
 * client that knows only that format, and comes back as what it was. Whoever did not make it never gets to see it.
 */
const PREFIX = 'sy1.';

export const tagOf = (detail: ReasoningDetail): string =>
  PREFIX + Buffer.from(JSON.stringify(detail), 'utf8').toString('base64url');

/** What {@link tagOf} wrapped; null for any other text, and for a tag that a client has changed. */
export function detailOf(text: string): ReasoningDetail | null {
  if (!text.startsWith(PREFIX)) return null;
  const value = parseJson(Buffer.from(text.slice(PREFIX.length), 'base64url').toString('utf8'))?.value;
  if (!isRecord(value)) return null;
  const { type, format, id, index } = value;
  const common = {
    ...(typeof format === 'string' && { format }),
    ...((typeof id === 'string' || id === null) && { id }),
    ...(typeof index === 'number' && { index }),
  };
  if (type === 'reasoning.encrypted' && typeof value['data'] === 'string')
    return { ...common, type, data: value['data'] };
  if (type === 'reasoning.summary' && typeof value['summary'] === 'string')
    return { ...common, type, summary: value['summary'] };
  if (type !== 'reasoning.text' || typeof value['text'] !== 'string') return null;
  const signature = value['signature'];
  return { ...common, type, text: value['text'], ...(typeof signature === 'string' && { signature }) };
}
