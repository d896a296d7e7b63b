import type { ProtocolId } from '@switchyard/contracts';
import { outputTokens } from './default-output.js';
import { dialectOf, renderUpstream } from './index.js';
import { endpointOf } from './testing/builders.js';

const bodyWith = (bytes: number, fields: object = {}) => ({
  model: 'x',
  messages: [{ role: 'user', content: 'x'.repeat(bytes) }],
  ...fields,
});
const requestWith = (bytes: number, fields: object = {}) =>
  dialectOf('openai-chat').parseRequest(bodyWith(bytes, fields));
const endpoint = endpointOf({ contextLength: 10_000, maxCompletionTokens: 8_000, supportedParameters: ['max_tokens'] });

describe('the output of a client that names no limit', () => {
  it('is what the endpoint can write, as long as the prompt leaves room for it', () => {
    expect(outputTokens(requestWith(300), endpoint, 4_096)).toBe(8_000);
    expect(outputTokens(requestWith(300), { ...endpoint, maxCompletionTokens: null }, 4_096)).toBe(4_096);
  });

  it('is what the prompt leaves, but never next to nothing, because the guess is cautious', () => {
    expect(outputTokens(requestWith(15_000), endpoint, 4_096)).toBe(5_000);
    expect(outputTokens(requestWith(60_000), endpoint, 4_096)).toBe(1_024);
  });

  it('is never changed where the client names one', () => {
    expect(outputTokens(requestWith(60_000, { max_tokens: 7_000 }), endpoint, 4_096)).toBe(7_000);
  });

  it.each<readonly [ProtocolId, (body: Record<string, unknown>) => unknown]>([
    ['anthropic-messages', (body) => body['max_tokens']],
    ['anthropic-vertex', (body) => body['max_tokens']],
  ])('reaches %s, which wants one in every request', (protocol, read) => {
    const body = bodyWith(15_000);
    const upstream = renderUpstream(requestWith(15_000), body, 'openai-chat', protocol, { endpoint });
    expect(read(upstream.body)).toBe(5_000);
  });
});
