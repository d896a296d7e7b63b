import { readFileSync } from 'node:fs';
import type { CatalogueEndpoint } from '@switchyard/contracts';
import { protocolOf, renderUpstream } from '../index.js';
import { billing, bodyOf, endpointOf, laneOf, requestOf } from '../testing/builders.js';
import { cut, joined, through } from '../testing/chunks.js';
import { collectStream } from '../testing/collect.js';
import { recordings, recordingsDirectory } from '../testing/recordings.js';

type Fields = Record<string, unknown>;
const short = (fields: Fields = {}, endpoint: Partial<CatalogueEndpoint> = {}) =>
  renderUpstream(requestOf(fields), bodyOf(fields), 'openai-chat', 'mistral', { endpoint: endpointOf(endpoint) }).body;
const canonical = (fields: Fields = {}, endpoint: Partial<CatalogueEndpoint> = {}) =>
  protocolOf('mistral').renderRequest(requestOf(fields), { endpoint: endpointOf(endpoint) }).body;
/** From OpenAI's clients the messages are edited, from all others rendered: Mistral must get the same. */
const messagesOf = (messages: readonly Fields[], endpoint: Partial<CatalogueEndpoint> = {}): unknown => {
  const edited = short({ messages }, endpoint)['messages'];
  expect(canonical({ messages }, endpoint)['messages']).toEqual(edited);
  return edited;
};
const call = (id: string) => ({ id, type: 'function', function: { name: 'now', arguments: '{}' } });

describe('messages for Mistral', () => {
  it('have no field that it does not know', () => {
    expect(
      messagesOf([
        { role: 'developer', content: 'Be brief.', name: 'boss' },
        { role: 'user', content: 'Hi', name: 'Ann' },
      ]),
    ).toEqual([
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Hi' },
    ]);
  });

  it('name calls by nine letters and digits, the same for call and result', () => {
    const messages = [
      { role: 'user', content: 'Time?' },
      { role: 'assistant', content: null, tool_calls: [call('call_PTLP8xhu3uwZ'), call('Nr1uNItcS')] },
      { role: 'tool', tool_call_id: 'call_PTLP8xhu3uwZ', content: 'Noon.' },
      { role: 'tool', tool_call_id: 'Nr1uNItcS', content: 'Noon.' },
    ];
    const [, assistant, first, second] = messagesOf(messages) as Fields[];
    const ids = (assistant!['tool_calls'] as { id: string }[]).map(({ id }) => id);
    expect(ids).toEqual([expect.stringMatching(/^[A-Za-z0-9]{9}$/), 'Nr1uNItcS']);
    expect([first!['tool_call_id'], second!['tool_call_id']]).toEqual(ids);
  });

  it('say that the last one is what the answer begins with', () => {
    const user = { role: 'user', content: 'Hi' };
    const begun = { role: 'assistant', content: 'Well,' };
    expect(messagesOf([user, begun])).toEqual([user, { ...begun, prefix: true }]);
    expect(messagesOf([user, begun, user])).toEqual([user, begun, user]);
  });

  it('return thinking to a model that thinks, and to no other', () => {
    const user = { role: 'user', content: 'Hi' };
    const messages = [user, { role: 'assistant', content: '42', reasoning: 'Let me think.' }, user];
    const thinking = { type: 'thinking', thinking: [{ type: 'text', text: 'Let me think.' }], closed: true };
    expect(messagesOf(messages)).toContainEqual({
      role: 'assistant',
      content: [thinking, { type: 'text', text: '42' }],
    });
    const supportedParameters = endpointOf().supportedParameters.filter((name) => name !== 'reasoning');
    expect(messagesOf(messages, { supportedParameters })).toContainEqual({ role: 'assistant', content: '42' });
  });

  it('have documents and sound in forms of their own', () => {
    const content = [
      { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,JVBERi0=' } },
      { type: 'input_audio', input_audio: { data: 'UklGRg==', format: 'wav' } },
    ];
    expect(messagesOf([{ role: 'user', content }])).toEqual([
      {
        role: 'user',
        content: [
          { type: 'document_url', document_url: 'data:application/pdf;base64,JVBERi0=', document_name: 'a.pdf' },
          { type: 'input_audio', input_audio: 'UklGRg==' },
        ],
      },
    ]);
  });
});

describe('parameters for Mistral', () => {
  const efforts = { mandatory: false, efforts: [], defaultEffort: null, maxTokens: false };

  it('know thinking as on and off, and as nothing where it is always on', () => {
    expect(short({ reasoning: { effort: 'low' } })).toMatchObject({ reasoning_effort: 'high' });
    const off = { reasoning: { ...efforts, efforts: ['high', 'none'] } };
    expect(short({ reasoning: { enabled: false } }, off)).toMatchObject({ reasoning_effort: 'none' });
    const always = { reasoning: { ...efforts, mandatory: true } };
    expect(short({ reasoning: { effort: 'low' } }, always)).not.toHaveProperty('reasoning_effort');
  });

  it('leave out what it refuses, and keep what only it knows', () => {
    const body = short({ prompt_cache_key: 'k', modalities: ['text'], safe_prompt: true });
    expect(Object.keys(body).toSorted()).toEqual(['messages', 'model', 'safe_prompt']);
  });
});

describe('answers of Mistral', () => {
  const chunk = (delta: Fields, finish_reason: string | null = null) =>
    `data: ${JSON.stringify({ id: 'x', object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason }] })}\n\n`;
  const bytes = Buffer.from(
    chunk({ role: 'assistant', content: [{ type: 'thinking', thinking: [{ type: 'text', text: 'Let me ' }] }] }) +
      chunk({ content: [{ type: 'thinking', thinking: [{ type: 'text', text: 'think.' }] }] }) +
      chunk({ content: [{ type: 'text', text: '4' }] }) +
      chunk({ content: '2' }, 'stop') +
      'data: [DONE]\n\n',
  );

  it('think in lists and speak in strings', async () => {
    for (const size of [1, 9, bytes.length])
      expect(await collectStream(protocolOf('mistral').parseStream(cut(bytes, [size])))).toMatchObject({
        text: '42',
        reasoning: 'Let me think.',
        finish: 'stop',
      });
  });

  it('take the short way to clients of OpenAI’s format, unknown fields included', async () => {
    const answer = bytes.toString().replaceAll('"id":"x"', '"id":"x","p":"abc"');
    const lane = laneOf('mistral');
    const text = (await joined(through(lane, cut(Buffer.from(answer), [64])))).toString();
    expect(text).toContain('"p":"abc"');
    expect(text).toContain('"reasoning":"Let me "');
    expect(Buffer.from(lane.renderEnd(billing)).toString()).toContain('[DONE]');
  });
});

/** Mistral also takes the bare address of a picture, which OpenAI's form does not have. */
const isOwnForm = (name: string): boolean => name === 'chat-image-in--pixtral-12b';
const recorded = recordings().filter(
  ({ provider, requestFile, status, case: name }) =>
    provider === 'mistral' && requestFile && status === 200 && !isOwnForm(name),
);
const absent = recordingsDirectory() === null;
const suite = absent ? describe.skip : describe;
const note = absent ? ' (skipped: no recordings beside the repository, set SWITCHYARD_FIXTURES)' : '';

suite(`requests that Mistral has taken${note}`, () => {
  it.each(recorded.map((one) => [one.case, one] as const))('%s stays as it was', (_name, { requestFile }) => {
    const taken = JSON.parse(readFileSync(requestFile!, 'utf8')) as Fields;
    expect(short(taken)['messages']).toEqual(taken['messages']);
  });
});
