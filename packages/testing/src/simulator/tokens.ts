import type { Prompt } from './prompt.js';

/**
 * The simulator's tokenizer. One token is a run of white space (may be empty) followed by 1 to 8 other characters, or white
 * space alone at the end. So the tokens of a text join to exactly the text, and everyone can count them.
 */
export const tokensOf = (text: string): readonly string[] => text.match(/\s*\S{1,8}|\s+$/gu) ?? [];

export const TOKENS_PER_MESSAGE = 4;
export const TOKENS_PER_IMAGE = 85;

/**
 * All tokens of a prompt in order, as texts: per turn 4 markers, then its text, then 85 per image; each offered tool is counted
 * as the text of its name and schema. The texts matter to the prefix cache, their number to the usage.
 */
export function promptTokensOf(prompt: Prompt): readonly string[] {
  const tools = prompt.tools.flatMap((tool) => tokensOf(`${tool.name} ${JSON.stringify(tool.schema) ?? ''}`));
  const turns = prompt.turns.flatMap((turn) => [
    ...Array.from({ length: TOKENS_PER_MESSAGE }, () => `<${turn.role}>`),
    ...tokensOf(turn.text),
    ...turn.images.flatMap((image) =>
      Array.from({ length: TOKENS_PER_IMAGE }, () => `<${image.mediaType} ${image.bytes}>`),
    ),
  ]);
  return [...tools, ...turns];
}
