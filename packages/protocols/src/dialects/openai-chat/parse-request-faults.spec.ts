import { GatewayError } from '@switchyard/contracts';
import fc from 'fast-check';
import { bodyOf } from '../../testing/builders.js';
import { parseRequest } from './parse-request.js';

const faultOf = (body: unknown): { message: string; path: unknown } => {
  try {
    parseRequest(body);
  } catch (error) {
    if (!(error instanceof GatewayError)) throw error;
    expect(error.code).toBe('invalid_request');
    return { message: error.message, path: error.metadata['path'] };
  }
  throw new Error('the body was accepted');
};

describe('parseRequest refuses', () => {
  it.each([
    [{ stream: 'true' }, 'stream'],
    [{ stream: 1 }, 'stream'],
    [{ max_tokens: 0 }, 'max_tokens'],
    [{ max_tokens: -1 }, 'max_tokens'],
    [{ max_tokens: 1e308 }, 'max_tokens'],
    [{ max_tokens: 2 ** 53 }, 'max_tokens'],
    [{ max_tokens: '100' }, 'max_tokens'],
    [{ max_tokens: 1.5 }, 'max_tokens'],
    [{ max_completion_tokens: 0 }, 'max_completion_tokens'],
    [{ n: 0 }, 'n'],
    [{ n: 1_000_000 }, 'n'],
    [{ temperature: 2.1 }, 'temperature'],
    [{ temperature: '1' }, 'temperature'],
    [{ top_p: -0.1 }, 'top_p'],
    [{ frequency_penalty: 3 }, 'frequency_penalty'],
    [{ seed: 0.5 }, 'seed'],
    [{ stop: ['a', 'b', 'c', 'd', 'e'] }, 'stop'],
    [{ stop: [1] }, 'stop[0]'],
    [{ top_logprobs: 21 }, 'top_logprobs'],
    [{ logit_bias: { '1': 101 } }, 'logit_bias.1'],
    [{ tools: [{ type: 'openrouter:web_search' }] }, 'tools[0].type'],
    [{ tools: [{ type: 'function', function: {} }] }, 'tools[0].function.name'],
    [{ tool_choice: 'sometimes' }, 'tool_choice'],
    [{ response_format: { type: 'xml' } }, 'response_format.type'],
    [{ reasoning: { effort: 'enormous' } }, 'reasoning.effort'],
    [{ provider: { sort: 'luck' } }, 'provider.sort'],
    [{ models: [''] }, 'models[0]'],
    [{ messages: [] }, 'messages'],
    [{ messages: 'hi' }, 'messages'],
    [{ messages: [{ role: 'nobody', content: 'x' }] }, 'messages[0].role'],
    [{ messages: [{ role: 'user' }] }, 'messages[0].content'],
    [{ messages: [{ role: 'user', content: 5 }] }, 'messages[0].content'],
    [{ messages: [{ role: 'user', content: [{ type: 'smell' }] }] }, 'messages[0].content[0].type'],
    [{ messages: [{ role: 'user', content: [{ type: 'text' }] }] }, 'messages[0].content[0].text'],
    [
      { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'file:///etc/passwd' } }] }] },
      'messages[0].content[0].image_url.url',
    ],
    [{ messages: [{ role: 'tool', content: 'x' }] }, 'messages[0].tool_call_id'],
    [{ messages: [{ role: 'assistant', tool_calls: [{ id: 'a' }] }] }, 'messages[0].tool_calls[0].function'],
    [{ metadata: { key: 5 } }, 'metadata.key'],
  ])('%j and names the place', (fields, path) => {
    const fault = faultOf(bodyOf(fields));
    expect(fault.path).toBe(path);
    expect(fault.message.startsWith(`${path}: `)).toBe(true);
  });

  it.each([[null], [[]], ['text'], [5], [undefined]])('a body that is %j', (body) => {
    expect(faultOf(body).message).toContain('body');
  });

  it('a request without messages, with a clear word', () => {
    expect(faultOf({ model: 'a/b' }).message).toMatch(/^messages: required/);
  });

  it('more messages and tools than anyone needs', () => {
    const many = Array.from({ length: 10_001 }, () => ({ role: 'user', content: '' }));
    expect(faultOf(bodyOf({ messages: many })).path).toBe('messages');
    const tools = Array.from({ length: 513 }, () => ({ type: 'function', function: { name: 'f' } }));
    expect(faultOf(bodyOf({ tools })).path).toBe('tools');
  });

  it('what stood there is never repeated', () => {
    const secret = 'canary-7f3a';
    for (const fields of [
      { messages: [{ role: secret, content: secret }] },
      { messages: [{ role: 'user', content: [{ type: secret }] }] },
      { tool_choice: secret },
      { temperature: secret },
      { response_format: { type: secret } },
      { reasoning: { effort: secret } },
    ])
      expect(faultOf(bodyOf(fields)).message).not.toContain(secret);
  });

  it('anything else with the same kind of error', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom('model', 'messages', 'tools', 'stop', 'n', 'provider', 'x'), fc.jsonValue()),
        (body) => {
          try {
            parseRequest(body);
          } catch (error) {
            expect(error).toBeInstanceOf(GatewayError);
            expect((error as GatewayError).code).toBe('invalid_request');
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
