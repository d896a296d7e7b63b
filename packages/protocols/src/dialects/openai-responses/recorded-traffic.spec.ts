import type { CompletionRequest } from '@switchyard/contracts';
import OpenAI from 'openai';
import { createLane, dialectOf } from '../../index.js';
import { billing, context } from '../../testing/builders.js';
import { cut, joined, through } from '../../testing/chunks.js';
import { readAnswer } from '../../testing/oracle.js';
import { bytesOf, chatRecordings, isError, recordingsDirectory } from '../../testing/recordings.js';
import type { Recording } from '../../testing/recordings.js';

const suite = recordingsDirectory() === null ? describe.skip : describe;
const note =
  recordingsDirectory() === null ? ' (skipped: no recordings beside the repository, set SWITCHYARD_FIXTURES)' : '';

const named = (stream: boolean): [string, Recording][] =>
  chatRecordings()
    .filter((recording) => recording.stream === stream && !isError(recording))
    .map((recording) => [`${recording.provider}/${recording.case}`, recording]);

const body = { model: 'author/model', input: 'Hello', instructions: 'Be brief.', metadata: { a: 'b' } };
const requestOf = (stream: boolean): CompletionRequest =>
  dialectOf('openai-responses').parseRequest({ ...body, stream });
const laneOf = ({ protocol, stream }: Recording) =>
  createLane({ dialect: 'openai-responses', protocol, context, request: requestOf(stream) });

const clientOf = (bytes: Uint8Array, type: string) =>
  new OpenAI({
    apiKey: 'none',
    maxRetries: 0,
    fetch: () => Promise.resolve(new Response(Buffer.from(bytes), { headers: { 'content-type': type } })),
  });

const callsOf = ({ output }: OpenAI.Responses.Response) =>
  output.flatMap((item) =>
    item.type === 'function_call' ? [{ name: item.name, arguments: parsed(item.arguments) }] : [],
  );
const thoughtsOf = ({ output }: OpenAI.Responses.Response) =>
  output
    .flatMap((item) => (item.type === 'reasoning' ? [...item.summary, ...(item.content ?? [])] : []))
    .map(({ text }) => text)
    .join('');
const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
};

suite(`recorded provider traffic to clients of OpenAI's Responses${note}`, () => {
  it.each(named(false))('body %s', async (_name, recording) => {
    const bytes = bytesOf(recording);
    const expected = readAnswer(recording.protocol, bytes, false);
    const lane = laneOf(recording);
    lane.response(bytes.toString('utf8'));
    const client = clientOf(lane.renderResponse(billing), 'application/json');
    const response = await client.responses.create({ model: 'author/model', input: 'Hello' });
    expect(response.output_text).toBe(expected.text);
    expect(callsOf(response)).toEqual(expected.tools);
    expect(thoughtsOf(response)).toBe(expected.reasoning);
    expect(response).toMatchObject({ id: context.generationId, object: 'response', model: context.model });
    expect(response).toMatchObject({ instructions: 'Be brief.', metadata: { a: 'b' }, error: null, store: false });
    expect(response.usage).toMatchObject({ input_tokens: 15, output_tokens: 10, total_tokens: 25, cost: 0.00000125 });
  });

  it.each(named(true))('stream %s', async (_name, recording) => {
    const bytes = bytesOf(recording);
    const expected = readAnswer(recording.protocol, bytes, true);
    const whole = laneOf(recording);
    const rendered = await joined(through(whole, cut(bytes, [bytes.length])));
    const pieces = await joined(through(laneOf(recording), cut(bytes, recording.networkReadSizes ?? [997])));
    expect(pieces.equals(rendered)).toBe(true);
    if (whole.summary.finishReason === null) return;
    const all = Buffer.concat([rendered, whole.renderEnd(billing)]);
    let next = 0;
    const client = clientOf(all, 'text/event-stream');
    const events: OpenAI.Responses.ResponseStreamEvent[] = [];
    for await (const event of await client.responses.create({ model: 'author/model', input: 'Hello', stream: true })) {
      expect(event.sequence_number).toBe(next++);
      events.push(event);
    }
    expect(events[0]?.type).toBe('response.created');
    expect(events.filter(({ type }) => /^response\.(completed|incomplete)$/.test(type))).toHaveLength(1);
    // OpenAI's own accumulator checks that the events fit together.
    const response = await clientOf(all, 'text/event-stream')
      .responses.stream({ model: 'author/model', input: 'Hello' })
      .finalResponse();
    expect(response.output_text).toBe(expected.text);
    expect(callsOf(response)).toEqual(expected.tools);
    expect(thoughtsOf(response)).toBe(expected.reasoning);
    expect(response.usage).toMatchObject({ input_tokens: 15, output_tokens: 10 });
    const deltas = events.map((event) => (event.type === 'response.output_text.delta' ? event.delta : '')).join('');
    expect(deltas).toBe(expected.text);
    const added = events.filter(({ type }) => type === 'response.output_item.added').length;
    expect(events.filter(({ type }) => type === 'response.output_item.done')).toHaveLength(added);
    expect(response.output).toHaveLength(added);
  });

  const own = named(true).filter(([, { protocol, status }]) => protocol === 'openai-responses' && status === 200);
  it.each(own)('stream %s goes through byte for byte but for what repeats the response', async (_name, recording) => {
    const bytes = bytesOf(recording);
    const rendered = (await joined(through(laneOf(recording), cut(bytes, [bytes.length])))).toString('latin1');
    const sent = new Set(rendered.split('\n').filter((line) => line.startsWith('data: ')));
    const lines = bytes
      .toString('latin1')
      .split(/\r?\n\r?\n/)
      // What follows the last separator was cut off.
      .slice(0, -1)
      .flatMap((event) => event.split(/\r?\n/).filter((line) => line.startsWith('data: {')));
    // One recording has several responses in a row: an answer is over with the first that is complete.
    const end = lines.findIndex((line) => line.includes('"type":"response.completed"'));
    const received = lines
      .slice(0, end < 0 ? undefined : end)
      // Some recordings came without numbers, which every client wants.
      .filter((line) => !line.includes('"response":{') && line.includes('"sequence_number":'));
    expect(received.filter((line) => !sent.has(line))).toEqual([]);
  });
});
