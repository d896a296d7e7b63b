import { usageOf } from '@switchyard/contracts';
import type { ReasoningDetail } from '@switchyard/contracts';
import { dialectOf, protocolOf } from '../index.js';
import { endpointOf, requestOf } from '../testing/builders.js';

const thoughts = (provider: string, details: readonly ReasoningDetail[], reasoningField?: string): unknown[] => {
  const messages = [
    { role: 'user', content: 'Hi' },
    { role: 'assistant', content: 'Ho', reasoning_details: details },
    { role: 'user', content: 'And?' },
  ];
  const target = { endpoint: endpointOf({ provider }), ...(reasoningField && { reasoningField }) };
  const { input } = protocolOf('openai-responses').renderRequest(requestOf({ messages }), target).body;
  return (input as { type: string }[]).filter(({ type }) => type === 'reasoning');
};

const sealed = (format: string, data: string, id = 'rs_1'): ReasoningDetail[] => [
  { type: 'reasoning.summary', summary: 'One. ', format, id, index: 0 },
  { type: 'reasoning.summary', summary: 'Two.', format, id, index: 0 },
  { type: 'reasoning.encrypted', data, format, id, index: 0 },
];

describe('reasoning of earlier turns', () => {
  it.each([
    ['openai', 'openai-responses-v1'],
    ['azure', 'azure-openai-responses-v1'],
    ['xai', 'xai-responses-v1'],
    ['deepseek', 'deepseek-responses-v1'],
  ])('goes back to %s, which made it, byte for byte and without its id', (provider, format) => {
    expect(thoughts(provider, sealed(format, 'gAAA+/=='))).toEqual([
      { type: 'reasoning', summary: [{ type: 'summary_text', text: 'One. Two.' }], encrypted_content: 'gAAA+/==' },
    ]);
  });

  it('goes to nobody else', () => {
    for (const provider of ['openai', 'azure', 'xai', 'deepseek'])
      expect(thoughts(provider, sealed('anthropic-claude-v1', 'x'))).toEqual([]);
    expect(thoughts('openai', sealed('xai-responses-v1', 'x'))).toEqual([]);
    expect(thoughts('azure', sealed('openai-responses-v1', 'x'))).toEqual([]);
  });

  it('stays in as many items as it came in, also where a client dropped their names', () => {
    const two = [...sealed('openai-responses-v1', 'a', 'rs_1'), ...sealed('openai-responses-v1', 'b', 'rs_2')];
    expect(thoughts('openai', two)).toMatchObject([{ encrypted_content: 'a' }, { encrypted_content: 'b' }]);
    const nameless = two.map(({ id: _id, index: _index, ...detail }) => detail as ReasoningDetail);
    expect(thoughts('openai', nameless)).toMatchObject([{ encrypted_content: 'a' }, { encrypted_content: 'b' }]);
  });

  it('is left out where only its summary is left, which cannot be verified', () => {
    expect(thoughts('openai', sealed('openai-responses-v1', 'a').slice(0, 2))).toEqual([]);
  });

  it('goes as text to servers that take it so', () => {
    const details: ReasoningDetail[] = [{ type: 'reasoning.text', text: 'Hm.', format: 'unknown' }];
    expect(thoughts('deepseek', details, 'reasoning_content')).toEqual([
      { type: 'reasoning', summary: [], content: [{ type: 'reasoning_text', text: 'Hm.' }] },
    ]);
    expect(thoughts('openai', details)).toEqual([]);
  });

  it('comes through a client of the Responses API to its maker, whoever that was', () => {
    for (const [provider, format] of [
      ['xai', 'xai-responses-v1'],
      ['openai', 'openai-responses-v1'],
    ] as const) {
      const dialect = dialectOf('openai-responses');
      const context = { generationId: 'gen-1', created: 1, model: 'm', providerName: 'P' };
      const renderer = dialect.createResponseRenderer(context, dialect.parseRequest({ model: 'm', input: 'Hi' }));
      for (const detail of [...sealed(format, 'a', 'rs_1'), ...sealed(format, 'b', 'rs_2')])
        renderer.add({ type: 'reasoning-delta', choice: 0, detail });
      renderer.add({ type: 'text-delta', choice: 0, text: 'Ho' });
      const billing = { usage: usage(), costNanos: 0n, promptCostNanos: 0n, completionCostNanos: 0n };
      const { output } = JSON.parse(Buffer.from(renderer.render(billing)).toString()) as { output: unknown[] };
      const request = dialect.parseRequest({ model: 'm', input: [...output, { role: 'user', content: 'And?' }] });
      const rendered = (id: string) =>
        protocolOf('openai-responses').renderRequest(request, { endpoint: endpointOf({ provider: id }) }).body;
      const item = (data: string) => ({
        type: 'reasoning',
        summary: [{ type: 'summary_text', text: 'One. Two.' }],
        encrypted_content: data,
      });
      expect((rendered(provider)['input'] as unknown[]).slice(0, 2)).toEqual([item('a'), item('b')]);
      expect(rendered('azure')['input']).toMatchObject([{ role: 'assistant' }, { role: 'user' }]);
    }
  });
});

const usage = () => usageOf({ source: 'reported' });
