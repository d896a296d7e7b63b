import type { ReasoningDetail } from '@switchyard/contracts';
import { CLAUDE_REASONING } from '../../anthropic-messages/wire.js';
import { recordOf, textOf } from '../../json.js';
import type { JsonRecord } from '../../json.js';
import { tagOf } from '../common/reasoning-tag.js';
import { signatureDetail } from '../openai-chat/chunk-renderer.js';

export type Thought =
  | { readonly kind: 'thinking'; readonly text: string; readonly signature: string }
  | { readonly kind: 'redacted'; readonly block: JsonRecord };

/**
 * A reasoning detail as Claude's blocks. What Claude made goes out as it came; the signature of another provider is wrapped, so
 * that the client can send it back and its maker alone gets it.
 */
export function thoughtBlock(detail: ReasoningDetail): Thought {
  if (detail.type === 'reasoning.encrypted') {
    const data = detail.format === CLAUDE_REASONING ? detail.data : tagOf(detail);
    return { kind: 'redacted', block: { type: 'redacted_thinking', data } };
  }
  if (detail.type === 'reasoning.summary') return { kind: 'thinking', text: detail.summary, signature: '' };
  const { text, signature } = detail;
  if (!signature) return { kind: 'thinking', text, signature: '' };
  // The text stands beside it: the wrapped detail needs only what the client cannot see.
  return {
    kind: 'thinking',
    text,
    signature: detail.format === CLAUDE_REASONING ? signature : tagOf({ ...detail, text: '' }),
  };
}

/** Gemini's signature of a call: a block before it that names the call. */
export const blockOfSignature = (callId: string, signature: string): JsonRecord => ({
  type: 'redacted_thinking',
  data: tagOf(signatureDetail(callId, signature, 0)),
});

/** A web citation in Anthropic's form; null for annotations that have none. */
export function citationOf(annotation: Readonly<Record<string, unknown>>): JsonRecord | null {
  const citation = recordOf(annotation['url_citation']);
  const url = textOf(citation['url']);
  if (!url) return null;
  return {
    type: 'web_search_result_location',
    url,
    title: textOf(citation['title']) ?? '',
    cited_text: textOf(citation['content']) ?? '',
    encrypted_index: '',
  };
}
