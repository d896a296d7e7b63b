import type { CompletionRequest, Message } from '@switchyard/contracts';
import { compact } from '../json.js';
import { renderAssistant, renderCache, renderPart, renderToolId } from './request-content.js';
import type { WireBlock, WireMessage } from './wire.js';

/** System and developer messages, wherever they stand: Claude has one place for instructions. */
export const renderSystem = (messages: readonly Message[]): WireBlock[] =>
  messages.flatMap((message) =>
    message.role === 'system' || message.role === 'developer'
      ? message.content.map(renderPart).filter((part) => part !== undefined)
      : [],
  );

/** Turns that alternate between user and assistant; tool results are the beginning of a user turn. */
export function renderMessages(messages: readonly Message[]): WireMessage[] {
  const turns: WireMessage[] = [];
  for (const message of messages.filter(isTurn)) {
    const role = message.role === 'assistant' ? 'assistant' : 'user';
    const content = renderTurn(message);
    const last = turns.at(-1);
    // Results of parallel calls must all stand in one user message.
    if (last?.role === role && role === 'user') last.content.push(...content);
    else if (content.length > 0) turns.push({ role, content });
  }
  return trimPrefill(turns);
}

type Turn = Exclude<Message, { readonly role: 'system' | 'developer' }>;
const isTurn = (message: Message): message is Turn => message.role !== 'system' && message.role !== 'developer';

function renderTurn(message: Turn): WireBlock[] {
  if (message.role === 'assistant') return renderAssistant(message);
  const parts = message.content.map(renderPart).filter((part) => part !== undefined);
  if (message.role === 'user') return parts;
  const cache = parts.find((part) => part['cache_control'])?.['cache_control'];
  const content = parts.map(({ cache_control: _cache, ...part }) => part);
  return [
    compact({
      type: 'tool_result',
      tool_use_id: renderToolId(message.toolCallId),
      content,
      is_error: message.isError || undefined,
      cache_control: cache,
    }) as WireBlock,
  ];
}

/** A trailing assistant turn is a prefill; Claude refuses one that ends in white space. */
function trimPrefill(turns: WireMessage[]): WireMessage[] {
  const last = turns.at(-1);
  const block = last?.content.at(-1);
  if (last?.role !== 'assistant' || block?.type !== 'text') return turns;
  const text = (block['text'] as string).trimEnd();
  const content = [...last.content.slice(0, -1), ...(text ? [{ ...block, text }] : [])];
  return [...turns.slice(0, -1), ...(content.length > 0 ? [{ ...last, content }] : [])];
}

/** The automatic breakpoint of the top level: it stands on the last block that can be cached (spec 2.2). */
export function markLastBlock(turns: readonly WireMessage[], request: CompletionRequest): void {
  if (!request.cacheControl) return;
  const blocks = turns.flatMap((turn) => turn.content);
  const last = blocks.findLast((block) => block.type !== 'thinking' && block.type !== 'redacted_thinking');
  if (last && !last['cache_control']) Object.assign(last, { cache_control: renderCache(request.cacheControl) });
}
