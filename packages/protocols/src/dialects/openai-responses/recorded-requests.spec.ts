import { readFileSync } from 'node:fs';
import { promptTokens } from '@switchyard/contracts';
import { dialectOf, protocolOf, renderUpstream, requestFacts } from '../../index.js';
import { endpointOf } from '../../testing/builders.js';
import { chatRecordings, isError, recordingsDirectory } from '../../testing/recordings.js';
import type { Recording } from '../../testing/recordings.js';

type Json = Record<string, unknown>;
const suite = recordingsDirectory() === null ? describe.skip : describe;
const note =
  recordingsDirectory() === null ? ' (skipped: no recordings beside the repository, set SWITCHYARD_FIXTURES)' : '';

/** What relies on a store is refused by name, so it is taken out of the recorded body before it is sent. */
function bodyOf({ requestFile }: Recording): Json {
  const { store: _store, previous_response_id: _id, ...body } = JSON.parse(readFileSync(requestFile!, 'utf8')) as Json;
  return body;
}
const recorded = chatRecordings()
  .filter(({ protocol, requestFile }) => protocol === 'openai-responses' && requestFile !== null)
  // A stored prompt in place of an input.
  .filter((recording) => bodyOf(recording)['input'] !== undefined)
  .map((recording): [string, Recording] => [`${recording.provider}/${recording.case}`, recording]);
const providerOf = ({ provider }: Recording): string => provider.replace('-responses', '');

const itemsOf = (input: unknown): Json[] =>
  typeof input === 'string' ? [{ role: 'user', content: input }] : (input as Json[]);
const textsOf = (content: unknown): string =>
  typeof content === 'string'
    ? content
    : ((content ?? []) as { text?: string }[]).map(({ text }) => text ?? '').join('');
const saidIn = (items: readonly Json[]) =>
  items
    .filter(({ role, type }) => role !== undefined && role !== 'system' && (type ?? 'message') === 'message')
    .map(({ role, content }) => [role, textsOf(content)]);
const callsIn = (items: readonly Json[]) =>
  items.flatMap((item) =>
    item['type'] === 'function_call'
      ? [[item['call_id'], item['name'], item['arguments'] || '{}']]
      : item['type'] === 'function_call_output'
        ? [[item['call_id'], textsOf(item['output'])]]
        : [],
  );
const sealsIn = (items: readonly Json[]) =>
  items.flatMap((item) => (item['type'] === 'reasoning' ? (item['encrypted_content'] ?? []) : []));

suite(`recorded requests to the Responses API${note}`, () => {
  it('are all that have an input', () => expect(recorded.length).toBeGreaterThan(60));

  it.each(recorded)('%s passes on to its own provider as it was sent', (_name, recording) => {
    const body = bodyOf(recording);
    const request = dialectOf('openai-responses').parseRequest(body);
    const provider = providerOf(recording);
    const target = { endpoint: endpointOf({ provider }), reasoningField: 'reasoning_content' };
    const edited = renderUpstream(request, body, 'openai-responses', 'openai-responses', target).body;
    // What xAI and Azure encrypted carries their name when it comes from here; in a recording it does not.
    const readable = (item: Json) =>
      item['type'] !== 'reasoning' || provider === 'openai' || !item['encrypted_content'];
    const nameless = ({ id: _id, ...item }: Json) => item;
    expect(itemsOf(edited['input']).map(nameless)).toEqual(itemsOf(body['input']).filter(readable).map(nameless));
    expect(edited['text']).toEqual(body['text']);
    expect(edited).toMatchObject({ model: 'upstream-model', store: false });
  });

  it.each(recorded)('%s says the same when it is written anew', (_name, recording) => {
    const body = bodyOf(recording);
    const request = dialectOf('openai-responses').parseRequest(body);
    const target = { endpoint: endpointOf({ provider: 'openai' }) };
    const rendered = protocolOf('openai-responses').renderRequest(request, target).body;
    const [sent, written] = [itemsOf(body['input']), itemsOf(rendered['input'])];
    expect(callsIn(written)).toEqual(callsIn(sent));
    expect(
      saidIn(written)
        .map(([, text]) => text)
        .join(''),
    ).toBe(
      saidIn(sent)
        .map(([, text]) => text)
        .join(''),
    );
    expect(sealsIn(written)).toEqual(sealsIn(sent));
    const functions = ((body['tools'] ?? []) as Json[])
      .filter(({ type }) => type === 'function')
      .map(({ name }) => name);
    expect(((rendered['tools'] ?? []) as Json[]).flatMap(({ name }) => name ?? [])).toEqual(functions);
  });

  const counted = recorded.filter(
    ([name, recording]) => !isError(recording) && !recording.stream && !/server-tool|web-search|-in-?-/.test(name),
  );
  it.each(counted)('%s was counted within the bytes of its prompt', (_name, recording) => {
    const facts = requestFacts(dialectOf('openai-responses').parseRequest(bodyOf(recording)));
    const answer = protocolOf('openai-responses').parseResponse(JSON.parse(readFileSync(recording.file, 'utf8')));
    const usage = answer.find((event) => event.type === 'usage')!.usage;
    // What each message and each tool costs beside its text.
    const around = 16 * (facts.messages + 4 * facts.tools + 1) + 200;
    expect(promptTokens(usage)).toBeLessThanOrEqual(facts.promptBytes + around);
  });
});
