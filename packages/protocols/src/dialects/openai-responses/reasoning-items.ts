import type { ReasoningDetail } from '@switchyard/contracts';
import { RESPONSES_REASONING } from '../../openai-responses/wire.js';
import { detailOf, tagOf } from '../common/reasoning-tag.js';
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
  if (wrapped) return [...summaryOf(wrapped[0]!, summary), ...wrapped.map((detail) => withText(detail, content))];
  const own = { ...(id !== undefined && { id }), format: RESPONSES_REASONING };
  // Nobody claims what came without a seal: servers of open models want it back as text.
  const text = { ...own, format: encrypted === undefined ? 'unknown' : RESPONSES_REASONING };
  return [
    ...summary.map((part): ReasoningDetail => ({ ...own, type: 'reasoning.summary', summary: part })),
    ...content.map((part): ReasoningDetail => ({ ...text, type: 'reasoning.text', text: part })),
    ...(encrypted === undefined ? [] : [{ ...own, type: 'reasoning.encrypted' as const, data: encrypted }]),
  ];
}

/** The summary beside what another host of this format encrypted belongs to the same item. */
function summaryOf({ id, index, format }: ReasoningDetail, summary: readonly string[]): ReasoningDetail[] {
  if (format?.endsWith('responses-v1') !== true) return [];
  const own = { ...(id !== undefined && { id }), ...(index !== undefined && { index }), format };
  return summary.map((part) => ({ ...own, type: 'reasoning.summary', summary: part }));
}

/** Encrypted reasoning in the form in which this format carries it: OpenAI's as it is, that of others with the name of its maker. */
export const sealOf = (detail: ReasoningDetail & { type: 'reasoning.encrypted' }): string =>
  detail.format === RESPONSES_REASONING ? detail.data : wrap([detail]);

/** What a client sent back, if `format` says that the provider made it; null when it cannot read it. */
export function unsealed(encrypted: string, format: string): string | null {
  const wrapped = unwrap(encrypted);
  if (!wrapped) return format === RESPONSES_REASONING ? encrypted : null;
  const [detail] = wrapped;
  return detail?.type === 'reasoning.encrypted' && detail.format === format ? detail.data : null;
}

/** The wrapper leaves out the text that stands beside it. */
const withText = (detail: ReasoningDetail, content: readonly string[]): ReasoningDetail =>
  detail.type === 'reasoning.text' && detail.text === '' ? { ...detail, text: content.join('') } : detail;
