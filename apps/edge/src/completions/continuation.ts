import { ERRORS } from '@switchyard/contracts';
import type { AttemptFailure, CatalogueEndpoint } from '@switchyard/contracts';
import { continuesAnswers } from '@switchyard/providers/prefill';
import type { Generation } from './generation.js';

/** English text has about four characters per token: what is left of `max_tokens` after so much was said. */
const CHARACTERS_PER_TOKEN = 4;
const LENGTHS = ['max_tokens', 'max_completion_tokens'] as const;

/**
 * Whether another endpoint may go on where the answer to a request breaks off: where its client asked for that, and the answer can be
 * nothing but one plain text. A dialect whose streams have a frame around them could not be told of a second beginning.
 */
export function mayContinue({
  options,
  dialect,
  job,
  steps,
  request,
}: Pick<Generation, 'options' | 'dialect' | 'job' | 'steps' | 'request'>): boolean {
  if (!options?.continues || dialect !== 'openai-chat' || job !== undefined || steps !== null) return false;
  const { stream, n = 1, tools, responseFormat, reasoning, messages } = request;
  const plainText =
    (tools?.length ?? 0) === 0 &&
    (responseFormat === undefined || responseFormat.type === 'text') &&
    (reasoning === undefined || reasoning.enabled === false || reasoning.effort === 'none');
  const special = [request.webSearchOptions, request.webPlugin, request.audio, request.logprobs, request.prediction];
  const textOnly = request.modalities?.every((modality) => modality === 'text') ?? true;
  const begun = messages.at(-1)?.role === 'assistant';
  return stream && n === 1 && plainText && textOnly && !begun && !special.some(Boolean);
}

/** Whether an endpoint can go on with a text that is not its own. */
export const canContinue = ({ provider, protocol }: Pick<CatalogueEndpoint, 'provider' | 'protocol'>): boolean =>
  continuesAnswers(provider, protocol);

/** What the provider itself has refused is not asked of another. */
export const isBreak = ({ code, retryable }: Pick<AttemptFailure, 'code' | 'retryable'>): boolean =>
  retryable && ERRORS[code].retryable;

/** The client's request with what was said of its answer, which the provider is to go on with, and what is left of its length. */
export function bodyToContinue(body: Uint8Array, said: string): Buffer {
  const asked = JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8')) as Record<
    string,
    unknown
  >;
  const messages = Array.isArray(asked['messages']) ? (asked['messages'] as readonly unknown[]) : [];
  const spentTokens = Math.floor(said.length / CHARACTERS_PER_TOKEN);
  const lengths = LENGTHS.flatMap((name) => {
    const length = asked[name];
    return typeof length === 'number' ? [[name, Math.max(1, length - spentTokens)]] : [];
  });
  const last = { role: 'assistant', content: said.trimEnd() };
  return Buffer.from(JSON.stringify({ ...asked, ...Object.fromEntries(lengths), messages: [...messages, last] }));
}
