import type { AssistantMessage, ReasoningDetail } from '@switchyard/contracts';
import { readableReasoning } from '../openai-chat/request-messages.js';
import type { RenderTarget } from '../types.js';
import { reasoningFormatsOf } from './wire.js';
import type { WireItem } from './wire.js';

/**
 * Reasoning of earlier turns as items. Only what this provider encrypted itself goes back, without the id of its item: nothing is
 * stored, so an id would be looked for in vain. Servers that take readable reasoning back (`reasoningField`) get it as text.
 */
export function renderReasoningItems(message: AssistantMessage, target: RenderTarget): WireItem[] {
  const { encrypted: format } = reasoningFormatsOf(target.endpoint.provider);
  const items = groupsOf(message.reasoning.filter((detail) => detail.format === format)).flatMap(renderGroup);
  if (items.length > 0 || target.reasoningField === undefined) return items;
  const text = readableReasoning(message);
  return text === '' ? [] : [{ type: 'reasoning', summary: [], content: [{ type: 'reasoning_text', text }] }];
}

/** Details of one item stand together and end with what is encrypted. */
function groupsOf(details: readonly ReasoningDetail[]): readonly (readonly ReasoningDetail[])[] {
  const groups: ReasoningDetail[][] = [];
  for (const detail of details) {
    const last = groups.at(-1);
    if (last && last.at(-1)!.type !== 'reasoning.encrypted' && keyOf(last[0]!) === keyOf(detail)) last.push(detail);
    else groups.push([detail]);
  }
  return groups;
}

const keyOf = ({ id, index }: ReasoningDetail): string => `${id ?? ''}/${index ?? ''}`;

function renderGroup(group: readonly ReasoningDetail[]): WireItem[] {
  const sealed = group.at(-1);
  if (sealed?.type !== 'reasoning.encrypted') return [];
  const text = group.map((detail) => (detail.type === 'reasoning.summary' ? detail.summary : '')).join('');
  return [
    {
      type: 'reasoning',
      summary: text === '' ? [] : [{ type: 'summary_text', text }],
      encrypted_content: sealed.data,
    },
  ];
}
