import Anthropic from '@anthropic-ai/sdk';
import type { CompletionRequest } from '@switchyard/contracts';
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

const requestOf = (stream: boolean): CompletionRequest =>
  dialectOf('anthropic-messages').parseRequest({
    model: 'author/model',
    max_tokens: 1000,
    stream,
    messages: [{ role: 'user', content: 'Hello' }],
  });

const laneOf = ({ protocol, stream }: Recording) =>
  createLane({ dialect: 'anthropic-messages', protocol, context, request: requestOf(stream) });

/** Anthropic's own client, fed with these bytes in place of an answer from the network. */
const clientOf = (bytes: Uint8Array, contentType: string): Anthropic =>
  new Anthropic({
    apiKey: 'none',
    maxRetries: 0,
    fetch: () => Promise.resolve(new Response(Buffer.from(bytes), { headers: { 'content-type': contentType } })),
  });
const ask = { model: 'author/model', max_tokens: 1000, messages: [{ role: 'user' as const, content: 'Hello' }] };

const textOfMessage = (message: Anthropic.Message): string =>
  message.content.map((block) => (block.type === 'text' ? block.text : '')).join('');
const callsOf = (message: Anthropic.Message) =>
  message.content.flatMap((block) => (block.type === 'tool_use' ? [{ name: block.name, arguments: block.input }] : []));
const expectedCalls = (tools: ReturnType<typeof readAnswer>['tools']) =>
  tools.map(({ name, arguments: input }) => ({
    name,
    arguments: typeof input === 'object' && input !== null ? input : { invalid_arguments: input },
  }));

suite(`recorded provider traffic to Anthropic's clients${note}`, () => {
  it.each(named(false))('body %s', async (_name, recording) => {
    const bytes = bytesOf(recording);
    const expected = readAnswer(recording.protocol, bytes, false);
    const lane = laneOf(recording);
    lane.response(bytes.toString('utf8'));
    const message = await clientOf(lane.renderResponse(billing), 'application/json').messages.create(ask);
    // A refusal is text here: the format has no other place for it.
    if (!recording.tags.includes('refusal')) expect(textOfMessage(message)).toBe(expected.text);
    else expect(textOfMessage(message)).not.toBe('');
    expect(callsOf(message)).toEqual(expectedCalls(expected.tools));
    expect(message).toMatchObject({
      id: context.generationId,
      type: 'message',
      role: 'assistant',
      model: context.model,
    });
    expect(message.usage).toMatchObject({
      input_tokens: 10,
      cache_read_input_tokens: 5,
      output_tokens: 10,
      cost: 0.00000125,
    });
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
    const stream = clientOf(all, 'text/event-stream').messages.stream(ask);
    const message = await stream.finalMessage();
    expect(textOfMessage(message)).toBe(expected.text);
    expect(callsOf(message)).toEqual(expectedCalls(expected.tools));
    const answer = readAnswer('anthropic-messages', all, true);
    expect(answer.reasoning).toBe(expected.reasoning);
    expect(message).toMatchObject({ id: context.generationId, model: context.model });
    expect(message.stop_reason).not.toBeNull();
    expect(message.usage).toMatchObject({ input_tokens: 10, cache_read_input_tokens: 5, output_tokens: 10 });
  });

  it.each(
    named(true).filter(([, { protocol }]) => protocol === 'anthropic-messages' || protocol === 'anthropic-vertex'),
  )('stream %s goes through byte for byte between its first and its last events', async (_name, recording) => {
    const bytes = bytesOf(recording);
    const rendered = (await joined(through(laneOf(recording), cut(bytes, [bytes.length])))).toString('latin1');
    const events = bytes
      .toString('latin1')
      .split(/\r?\n\r?\n/)
      // What follows the last separator was cut off.
      .slice(0, -1)
      .filter((event) => event.startsWith('event: content_block_'));
    for (const event of events) expect(rendered).toContain(`${event.replaceAll('\r\n', '\n')}\n\n`);
  });
});
