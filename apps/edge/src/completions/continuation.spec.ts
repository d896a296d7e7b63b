import type { CompletionRequest } from '@switchyard/contracts';
import type { AttemptOptions } from './attempt-options.js';
import { bodyToContinue, canContinue, isBreak, mayContinue } from './continuation.js';

const options = { continues: true } as AttemptOptions;
const may = (request: Partial<CompletionRequest>, fields: Partial<Parameters<typeof mayContinue>[0]> = {}) => {
  const messages = [{ role: 'user', content: [] }] as const;
  const asked = { stream: true, messages, ...request } as unknown as CompletionRequest;
  return mayContinue({ options, dialect: 'openai-chat', steps: null, request: asked, ...fields });
};

describe('an answer that another endpoint may go on with', () => {
  it('is a plain text in a stream, of a client who asked for it', () => {
    expect(may({})).toBe(true);
    expect(may({ responseFormat: { type: 'text' }, reasoning: { enabled: false }, tools: [], n: 1 })).toBe(true);
    expect(may({}, { options: { ...options, continues: false } })).toBe(false);
    expect(may({}, { dialect: 'anthropic-messages' })).toBe(false);
    expect(may({}, { job: 'embeddings' })).toBe(false);
    expect(may({}, { steps: {} as never })).toBe(false);
  });

  it.each<[string, Partial<CompletionRequest>]>([
    ['in one piece', { stream: false }],
    ['with tools', { tools: [{ name: 'f' }] }],
    ['with structure', { responseFormat: { type: 'json_object' } }],
    ['with reasoning', { reasoning: { effort: 'high' } }],
    ['of two choices', { n: 2 }],
    ['that searches the web', { webSearchOptions: {} }],
    ['with a sound', { modalities: ['text', 'audio'] }],
    ['with probabilities', { logprobs: true }],
    ['that its client began', { messages: [{ role: 'assistant', content: [], toolCalls: [], reasoning: [] }] }],
  ])('is none %s', (_what, request) => {
    expect(may(request)).toBe(false);
  });

  it.each([
    ['sandbox', undefined, true],
    ['mistral', undefined, true],
    ['local', undefined, true],
    ['local', 'openai-responses', false],
    ['anthropic', undefined, true],
    ['google-vertex', 'anthropic-vertex', true],
    ['openai', undefined, false],
    ['nobody', undefined, false],
  ] as const)('is gone on with by %s in %s: %s', (provider, protocol, expected) => {
    expect(canContinue({ provider, ...(protocol && { protocol }) })).toBe(expected);
  });

  it('broke off, and was not refused', () => {
    expect(isBreak({ code: 'upstream_disconnected', retryable: true })).toBe(true);
    expect(isBreak({ code: 'worker_lost', retryable: true })).toBe(true);
    expect(isBreak({ code: 'content_policy_violation', retryable: false })).toBe(false);
    expect(isBreak({ code: 'upstream_error', retryable: false })).toBe(false);
  });
});

describe('the request to go on', () => {
  const body = (fields: object) =>
    Buffer.from(JSON.stringify({ messages: [{ role: 'user', content: 'Hi' }], ...fields }));
  const asked = (fields: object, said: string) => JSON.parse(bodyToContinue(body(fields), said).toString()) as object;

  it('ends with what was said, without white space behind it, and keeps all else', () => {
    expect(asked({ temperature: 0.5, unknown: { a: 1 } }, 'One two \n')).toEqual({
      temperature: 0.5,
      unknown: { a: 1 },
      messages: [
        { role: 'user', content: 'Hi' },
        { role: 'assistant', content: 'One two' },
      ],
    });
  });

  it('has room for the rest only, and always for something', () => {
    const said = 'x'.repeat(400);
    expect(asked({ max_tokens: 300, max_completion_tokens: 150 }, said)).toMatchObject({
      max_tokens: 200,
      max_completion_tokens: 50,
    });
    expect(asked({ max_tokens: 50 }, said)).toMatchObject({ max_tokens: 1 });
  });
});
