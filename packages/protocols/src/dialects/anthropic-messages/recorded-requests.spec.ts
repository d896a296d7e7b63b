import { readFileSync } from 'node:fs';
import { dialectOf, protocolOf, renderUpstream } from '../../index.js';
import { endpointOf } from '../../testing/builders.js';
import { formatOf } from '../../testing/fixtures.js';
import { chatRecordings, recordingsDirectory } from '../../testing/recordings.js';
import type { Recording } from '../../testing/recordings.js';

type Json = Record<string, unknown>;

const suite = recordingsDirectory() === null ? describe.skip : describe;
const note =
  recordingsDirectory() === null ? ' (skipped: no recordings beside the repository, set SWITCHYARD_FIXTURES)' : '';

const sent = chatRecordings()
  .filter(({ protocol, requestFile }) => formatOf(protocol) === 'anthropic-messages' && requestFile !== null)
  .map((recording): [string, Recording] => [`${recording.provider}/${recording.case}`, recording]);

const bodyOf = ({ requestFile }: Recording): Json => ({
  model: 'author/model',
  ...(JSON.parse(readFileSync(requestFile!, 'utf8')) as Json),
});
const searchesAtMost = (tool: unknown): unknown =>
  (tool as Json)['type'] === 'web_search_20250305' ? { max_uses: 10, ...(tool as Json) } : tool;

suite(`recorded requests to Anthropic${note}`, () => {
  it('are many', () => {
    expect(sent.length).toBeGreaterThan(50);
  });

  it.each(sent)('%s is passed on as it was sent', (_name, recording) => {
    const body = bodyOf(recording);
    const upstream = renderUpstream(
      dialectOf('anthropic-messages').parseRequest(body),
      body,
      'anthropic-messages',
      'anthropic-messages',
      { endpoint: endpointOf() },
    );
    expect(upstream.body['messages']).toEqual(body['messages']);
    expect(upstream.body['system']).toEqual(body['system'] ?? undefined);
    const tools = (body['tools'] ?? []) as readonly unknown[];
    expect(upstream.body['tools'] ?? []).toEqual(tools.map(searchesAtMost));
    expect(upstream.body['max_tokens']).toBe(body['max_tokens']);
  });

  it.each(sent)('%s is written anew with as many turns and the same tools of the caller', (_name, recording) => {
    const body = bodyOf(recording);
    const request = dialectOf('anthropic-messages').parseRequest(body);
    const upstream = protocolOf('anthropic-messages').renderRequest(request, { endpoint: endpointOf() });
    // Turns of the user that follow each other become one.
    const roles = (messages: unknown) =>
      (messages as { role: string }[])
        .map(({ role }) => role)
        .filter((role, index, all) => role !== 'user' || all[index - 1] !== 'user');
    expect(roles(upstream.body['messages'])).toEqual(roles(body['messages']));
    const names = (tools: unknown) =>
      ((tools ?? []) as Json[]).flatMap(({ name, input_schema: own }) => (own ? [name] : []));
    expect(names(upstream.body['tools'])).toEqual(names(body['tools']));
  });
});
