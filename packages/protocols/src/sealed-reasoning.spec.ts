import type { CompletionRequest, ProtocolId, ReasoningDetail } from '@switchyard/contracts';
import { dialectOf, readsSealed, renderUpstream, sealedReasoning } from './index.js';
import { endpointOf } from './testing/builders.js';

const MARK = 'c2VhbGVkLWJ5LWl0cy1tYWtlcg==';
const DETAILS: readonly ReasoningDetail[] = [
  { type: 'reasoning.text', text: 'Hm.', signature: MARK, format: 'anthropic-claude-v1', index: 0 },
  { type: 'reasoning.encrypted', data: MARK, format: 'google-gemini-v1', index: 0 },
  { type: 'reasoning.encrypted', data: MARK, format: 'openai-responses-v1', id: 'rs_1', index: 0 },
  { type: 'reasoning.encrypted', data: MARK, format: 'xai-responses-v1', id: 'rs_1', index: 0 },
];
const UPSTREAMS: readonly (readonly [ProtocolId, string])[] = [
  ['openai-chat', 'openai'],
  ['openai-responses', 'openai'],
  ['openai-responses', 'xai'],
  ['anthropic-messages', 'anthropic'],
  ['anthropic-vertex', 'google-vertex'],
  ['gemini', 'google'],
  ['gemini-vertex', 'google-vertex'],
  ['mistral', 'mistral'],
];

const body = (detail: ReasoningDetail) => ({
  model: 'x',
  messages: [
    { role: 'user', content: 'Hi' },
    { role: 'assistant', content: 'Hello', reasoning_details: [detail] },
    { role: 'user', content: 'And?' },
  ],
});
const requestOf = (detail: ReasoningDetail): CompletionRequest => dialectOf('openai-chat').parseRequest(body(detail));

describe('reasoning that only its maker reads', () => {
  it.each(UPSTREAMS.flatMap(([protocol, provider]) => DETAILS.map((detail) => ({ protocol, provider, detail }))))(
    'of $detail.format reaches $protocol of $provider just where it is said to be read',
    ({ protocol, provider, detail }) => {
      const request = requestOf(detail);
      expect(sealedReasoning(request)).toEqual([detail.format]);
      const target = { endpoint: endpointOf({ provider, supportedParameters: ['reasoning', 'max_tokens'] }) };
      const upstream = renderUpstream(request, body(detail), 'openai-chat', protocol, target);
      expect(JSON.stringify(upstream.body).includes(MARK)).toBe(readsSealed(detail.format!, protocol, provider));
    },
  );

  it('is neither what anybody can read nor what is signed by nobody', () => {
    const open: ReasoningDetail = { type: 'reasoning.text', text: 'Hm.', format: 'unknown', index: 0 };
    expect(sealedReasoning(requestOf(open))).toEqual([]);
    expect(sealedReasoning(requestOf({ type: 'reasoning.summary', summary: 'Hm.', index: 0 }))).toEqual([]);
  });
});
