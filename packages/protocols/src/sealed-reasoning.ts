import type { CompletionRequest, ProtocolId, ReasoningDetail } from '@switchyard/contracts';
import { CLAUDE_REASONING } from './anthropic-messages/wire.js';
import { GEMINI_REASONING } from './gemini/wire.js';
import { reasoningFormatsOf } from './openai-responses/wire.js';
import { protocolOf } from './registry.js';

/**
 * Formats of the reasoning in a conversation that is signed or encrypted, one entry per piece: nobody but its maker can read it,
 * and without it a model begins its thoughts anew. Readable reasoning belongs to nobody.
 */
export const sealedReasoning = ({ messages }: CompletionRequest): readonly string[] =>
  messages.flatMap((message) => {
    if (message.role !== 'assistant') return [];
    const pieces = message.reasoning.filter(isSealed).map(({ format }) => format ?? '');
    // Calls are signed by Google alone.
    const calls = message.toolCalls.filter(({ signature }) => signature !== undefined).map(() => GEMINI_REASONING);
    return [...pieces, ...calls];
  });

const isSealed = (detail: ReasoningDetail): boolean =>
  detail.type === 'reasoning.encrypted' || (detail.type === 'reasoning.text' && Boolean(detail.signature));

/** Whether a provider gets sealed reasoning of this format back; all others get the conversation without it. */
export function readsSealed(format: string, protocol: ProtocolId, provider: string): boolean {
  const base = protocolOf(protocol).derivation?.base ?? protocol;
  switch (base) {
    case 'anthropic-messages':
      return format === CLAUDE_REASONING;
    case 'gemini':
      return format === GEMINI_REASONING;
    case 'openai-responses':
      return format === reasoningFormatsOf(provider).encrypted;
    default:
      // Converse signs as Claude does, and encrypts in a form of its own.
      return protocol.startsWith('bedrock') && (format === CLAUDE_REASONING || format === 'amazon-bedrock-v1');
  }
}
