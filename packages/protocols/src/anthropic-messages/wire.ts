import type { JsonRecord } from '../json.js';

/** The format name of Claude's reasoning in `reasoning_details` (spec 2.7). */
export const CLAUDE_REASONING = 'anthropic-claude-v1';
export const ANTHROPIC_VERSION = '2023-06-01';

/** Blocks and fields that we write; see platform.claude.com/docs/en/api/messages. */
export type WireBlock = JsonRecord & { readonly type: string };
export interface WireMessage {
  readonly role: 'user' | 'assistant';
  readonly content: WireBlock[];
}
