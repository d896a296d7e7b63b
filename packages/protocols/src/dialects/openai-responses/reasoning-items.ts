import type { ReasoningDetail } from '@switchyard/contracts';
import { detailOf, tagOf } from '../common/reasoning-tag.js';
import { RESPONSES_REASONING } from './item-schema.js';
import type { ReasoningItem } from './item-schema.js';

const SEPARATOR = ' ';

/** Details of other providers in the field that OpenAI's clients send back unread. */
export const wrap = (details: readonly ReasoningDetail[]): string => details.map(tagOf).join(SEPARATOR);

/** True for what {@link wrap} made. */
export const isWrapped = (encrypted: string): boolean => unwrap(encrypted) !== null;

function unwrap(encrypted: string): ReasoningDetail[] | null {
  const details = encrypted.split(SEPARATOR).map(detailOf);
  return details.every((detail) => detail !== null) ? details : null;
}

/** A reasoning item as the details that it was made of. */
export function detailsOf({ id, summary, content, encrypted }: ReasoningItem): ReasoningDetail[] {
  const wrapped = encrypted === undefined ? null : unwrap(encrypted);
  if (wrapped) return wrapped.map((detail) => withText(detail, content));
  const own = { ...(id !== undefined && { id }), format: RESPONSES_REASONING };
  return [
    ...summary.map((text): ReasoningDetail => ({ ...own, type: 'reasoning.summary', summary: text })),
    ...content.map((text): ReasoningDetail => ({ ...own, type: 'reasoning.text', text })),
    ...(encrypted === undefined ? [] : [{ ...own, type: 'reasoning.encrypted' as const, data: encrypted }]),
  ];
}

/** The wrapper leaves out the text that stands beside it. */
const withText = (detail: ReasoningDetail, content: readonly string[]): ReasoningDetail =>
  detail.type === 'reasoning.text' && detail.text === '' ? { ...detail, text: content.join('') } : detail;
