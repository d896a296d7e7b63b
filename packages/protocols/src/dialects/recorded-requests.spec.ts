import { readFileSync } from 'node:fs';
import { dialectOf, renderUpstream } from '../index.js';
import { endpointOf } from '../testing/builders.js';
import { formatOf } from '../testing/fixtures.js';
import { chatRecordings, recordingsDirectory } from '../testing/recordings.js';
import type { Recording } from '../testing/recordings.js';

type Json = Record<string, unknown>;

const suite = recordingsDirectory() === null ? describe.skip : describe;
const note =
  recordingsDirectory() === null ? ' (skipped: no recordings beside the repository, set SWITCHYARD_FIXTURES)' : '';

/** Requests that no client of ours could send; each is a 400 that names the field. */
const REFUSED: Readonly<Record<string, string>> = {
  'xai/chat-tool-call-cache-read--grok-3': 'tool_choice.type',
  'xai/chat-tool-call--grok-2-vision': 'tool_choice.type',
  'mistral/chat-image-in--pixtral-12b': 'messages[0].content[1].image_url',
  'zai/chat-reasoning-cache-read-tool-result-in--glm-4.5-air': 'messages[2].tool_call_id',
  'openrouter/stream-web-search-citations--deepseek-chat': 'tools[0].type',
  'openrouter/chat-reasoning-signature-web-search--gemini-3.6-flash': 'tools[0].type',
  'perplexity/chat-web-search-citations--sonar-pro': 'messages[0].content[1].type',
};

const isFilled = (list: unknown): boolean => Array.isArray(list) && list.length > 0;
const nameOf = ({ provider, case: name }: Recording): string => `${provider}/${name}`;
const sent = chatRecordings()
  .filter(({ requestFile, status }) => requestFile !== null && status === 200)
  .filter(({ protocol }) => ['openai-chat', 'gemini'].includes(formatOf(protocol)))
  .map((recording): [string, Recording] => [nameOf(recording), recording]);
const understood = sent.filter(([name]) => !(name in REFUSED));

const bodyOf = ({ requestFile }: Recording): Json => ({
  model: 'author/model',
  ...(JSON.parse(readFileSync(requestFile!, 'utf8')) as Json),
});

/** What a provider of no special kind is not told: hints for caches, reasoning of others; and developers are systems to it. */
const plain = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (name, inner: unknown) =>
      ['cache_control', 'reasoning', 'reasoning_content', 'reasoning_details'].includes(name)
        ? undefined
        : name === 'role' && inner === 'developer'
          ? 'system'
          : inner,
    ),
  );

suite(`recorded requests to OpenAI's and Google's formats${note}`, () => {
  it('are many', () => expect(understood.length).toBeGreaterThan(300));

  it.each(understood)('%s says the same to its own provider', (_name, recording) => {
    const body = bodyOf(recording);
    const dialect = formatOf(recording.protocol) as 'openai-chat' | 'gemini';
    const endpoint = endpointOf();
    const request = dialectOf(dialect).parseRequest(body);
    const upstream = renderUpstream(request, body, dialect, recording.protocol, { endpoint }).body;
    const turns = dialect === 'gemini' ? 'contents' : 'messages';
    // The older form of a chat: a prompt in place of messages.
    const asked = body[turns] ?? [{ role: 'user', content: body['prompt'] }];
    expect(plain(upstream[turns])).toEqual(plain(asked));
    if (dialect === 'openai-chat' && isFilled(body['tools']))
      expect(plain(upstream['tools'])).toEqual(plain(body['tools']));
  });

  it.each(sent.filter(([name]) => name in REFUSED))('%s is refused by the name of a field', (name, recording) => {
    expect(() => dialectOf('openai-chat').parseRequest(bodyOf(recording))).toThrow(REFUSED[name]);
  });
});
