import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { GatewayError } from '@switchyard/contracts';
import type { DialectId, ProtocolId, RoutingMetadata } from '@switchyard/contracts';
import { createLane, dialectOf } from '../index.js';
import { billing, context } from '../testing/builders.js';
import { cut, joined, through } from '../testing/chunks.js';
import type { Lane } from '../types.js';

type Json = Record<string, unknown>;

const routing: RoutingMetadata = {
  requested: 'author/model',
  strategy: 'fallback',
  region: null,
  summary: 'available=1, selected=Provider',
  attempt: 2,
  is_byok: false,
  endpoints: {
    total: 2,
    available: [{ provider: 'Provider', model: 'author/model', selected: true, endpoint_id: 'provider:author/model' }],
    excluded_by: [{ reason: 'max_price', count: 1 }],
  },
  attempts: [],
  dropped_params: ['seed'],
  stripped_reasoning: 0,
};

const REQUESTS: Readonly<Record<DialectId, Json>> = {
  'openai-chat': { messages: [{ role: 'user', content: 'Hello' }] },
  'openai-completions': { prompt: 'Hello' },
  'openai-responses': { input: 'Hello' },
  'anthropic-messages': { max_tokens: 100, messages: [{ role: 'user', content: 'Hello' }] },
  gemini: { contents: [{ role: 'user', parts: [{ text: 'Hello' }] }] },
};
const PROTOCOLS: readonly ProtocolId[] = ['openai-chat', 'openai-responses', 'anthropic-messages', 'gemini'];
const CASES = (Object.keys(REQUESTS) as DialectId[]).flatMap((dialect) =>
  PROTOCOLS.map((protocol) => [dialect, protocol] as const),
);

const file = (protocol: ProtocolId, name: string): Buffer =>
  readFileSync(fileURLToPath(new URL(`../__fixtures__/${protocol}/${name}`, import.meta.url)));

function laneOf(dialect: DialectId, protocol: ProtocolId, asked: boolean): Lane {
  const request = dialectOf(dialect).parseRequest({ model: 'author/model', ...REQUESTS[dialect] });
  return createLane({ dialect, protocol, context: { ...context, ...(asked && { routing }) }, request });
}

const eventsOf = (text: string): Json[] =>
  text
    .split(/\r?\n/)
    .filter((line) => line.startsWith('data: {'))
    .map((line) => JSON.parse(line.slice('data: '.length)) as Json);

/** Where the field stands in an event or a body of a dialect: in the response itself, where events only carry one. */
const holderOf = (dialect: DialectId, value: Json): Json =>
  dialect === 'openai-responses' && value['response'] ? (value['response'] as Json) : value;

describe('C 58: openrouter_metadata', () => {
  it.each(CASES)('%s from %s: the last event has it, and no other', async (dialect, protocol) => {
    const lane = laneOf(dialect, protocol, true);
    const pieces = await joined(through(lane, cut(file(protocol, 'text.sse'), [1024])));
    const events = eventsOf(Buffer.concat([pieces, lane.renderEnd(billing)]).toString('utf8'));
    const told = events.map((event) => holderOf(dialect, event)['openrouter_metadata']);
    expect(events.length).toBeGreaterThan(1);
    expect(told.at(-1)).toEqual(routing);
    expect(told.slice(0, -1).every((one) => one === undefined)).toBe(true);
  });

  it.each(CASES)('%s from %s: a whole answer has it beside its usage', (dialect, protocol) => {
    const lane = laneOf(dialect, protocol, true);
    lane.response(file(protocol, 'text.json').toString('utf8'));
    const body = JSON.parse(Buffer.from(lane.renderResponse(billing)).toString('utf8')) as Json;
    expect(body['openrouter_metadata']).toEqual(routing);
    expect(body[dialect === 'gemini' ? 'usageMetadata' : 'usage']).toBeDefined();
  });

  it.each(CASES)('%s from %s: nobody gets it who did not ask', async (dialect, protocol) => {
    const [whole, streamed] = [laneOf(dialect, protocol, false), laneOf(dialect, protocol, false)];
    whole.response(file(protocol, 'text.json').toString('utf8'));
    const pieces = await joined(through(streamed, cut(file(protocol, 'text.sse'), [1024])));
    const bytes = [whole.renderResponse(billing), pieces, streamed.renderEnd(billing)];
    expect(Buffer.concat(bytes).toString('utf8')).not.toContain('openrouter_metadata');
  });

  it.each(Object.keys(REQUESTS) as DialectId[])('%s: an error has it beside itself', (id) => {
    const dialect = dialectOf(id);
    const told = new GatewayError('no_endpoints', { routing });
    const untold = new GatewayError('no_endpoints');
    expect(dialect.renderError(told).body).toMatchObject({ error: {}, openrouter_metadata: routing });
    expect(JSON.stringify(dialect.renderError(untold).body)).not.toContain('openrouter_metadata');
    const streamed = (error: GatewayError) => Buffer.from(dialect.renderStreamError(error, context)).toString('utf8');
    expect(eventsOf(streamed(told)).map((event) => holderOf(id, event))).toEqual([
      expect.objectContaining({ error: expect.anything(), openrouter_metadata: routing }),
    ]);
    expect(streamed(untold)).not.toContain('openrouter_metadata');
  });
});
