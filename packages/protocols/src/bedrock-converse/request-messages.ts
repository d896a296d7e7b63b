import type { CompletionRequest, Message } from '@switchyard/contracts';
import { renderToolId } from '../anthropic-messages/request-content.js';
import { cachePoint, renderAssistant, renderPart } from './request-content.js';
import type { Family, WireBlock, WireMessage } from './wire.js';

/** System and developer messages, wherever they stand: Converse has one place for instructions. */
export const renderSystem = (messages: readonly Message[], family: Family): WireBlock[] =>
  messages.flatMap((message) =>
    message.role === 'system' || message.role === 'developer'
      ? message.content.flatMap((part) => renderPart(part, family))
      : [],
  );

/** Turns that must alternate between user and assistant; results of tools are part of a user's turn. */
export function renderMessages(request: CompletionRequest, family: Family): WireMessage[] {
  const turns: WireMessage[] = [];
  for (const message of request.messages.filter(isTurn)) {
    const role = message.role === 'assistant' ? 'assistant' : 'user';
    const content = renderTurn(message, family);
    const last = turns.at(-1);
    if (last?.role === role) last.content.push(...content);
    else if (content.length > 0) turns.push({ role, content });
  }
  for (const turn of turns) nameDocuments(turn);
  // The automatic breakpoint of the top level: it stands after all that there is (spec 2.2).
  turns.at(-1)?.content.push(...cachePoint(request.cacheControl, family));
  return trimPrefill(turns);
}

type Turn = Exclude<Message, { readonly role: 'system' | 'developer' }>;
const isTurn = (message: Message): message is Turn => message.role !== 'system' && message.role !== 'developer';

function renderTurn(message: Turn, family: Family): WireBlock[] {
  if (message.role === 'assistant') return renderAssistant(message, family);
  const blocks = message.content.flatMap((part) => renderPart(part, family));
  if (message.role === 'user') return blocks;
  const isCache = (block: WireBlock): boolean => 'cachePoint' in block;
  const toolResult = {
    toolUseId: renderToolId(message.toolCallId),
    content: blocks.filter((block) => !isCache(block)),
    ...(message.isError && { status: 'error' }),
  };
  return [{ toolResult }, ...blocks.filter(isCache).slice(-1)];
}

/** A document is refused without a text beside it, and two documents of one name are. */
function nameDocuments({ content }: WireMessage): void {
  const documents = content.flatMap((block) => (block['document'] ? [block['document'] as { name: string }] : []));
  const seen = new Map<string, number>();
  for (const document of documents) {
    const count = (seen.get(document.name) ?? 0) + 1;
    seen.set(document.name, count);
    if (count > 1) document.name = `${document.name} ${count}`;
  }
  if (documents.length > 0 && !content.some((block) => 'text' in block))
    content.unshift({ text: documents.map(({ name }) => name).join(', ') });
}

/** A trailing assistant turn is a prefill; one that ends in white space is refused. */
function trimPrefill(turns: WireMessage[]): WireMessage[] {
  const last = turns.at(-1);
  const text = last?.content.at(-1)?.['text'];
  if (last?.role === 'assistant' && typeof text === 'string') last.content.splice(-1, 1, { text: text.trimEnd() });
  return turns;
}
