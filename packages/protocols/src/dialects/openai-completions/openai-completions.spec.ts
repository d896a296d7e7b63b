import { GatewayError } from '@switchyard/contracts';
import OpenAI from 'openai';
import { createLane, dialectOf, renderUpstream } from '../../index.js';
import { billing, context, endpointOf } from '../../testing/builders.js';
import { cut, joined, through } from '../../testing/chunks.js';
import { readAnswer } from '../../testing/oracle.js';
import { bytesOf, chatRecordings, isError, recordingsDirectory } from '../../testing/recordings.js';
import type { Recording } from '../../testing/recordings.js';

const dialect = dialectOf('openai-completions');
const bodyOf = (fields: Record<string, unknown> = {}) => ({ model: 'author/model', prompt: 'Once', ...fields });

describe('the body of POST /completions', () => {
  it('becomes a message of a user', () => {
    const body = bodyOf({
      prompt: ['Once'],
      stop: 'END',
      logprobs: 2,
      max_tokens: 5,
      n: 2,
      best_of: 2,
      provider: { only: ['x'] },
    });
    const request = dialect.parseRequest(body);
    expect(request).toMatchObject({
      models: ['author/model'],
      messages: [{ role: 'user', content: [{ type: 'text', text: 'Once' }] }],
      stop: ['END'],
      maxTokens: 5,
      n: 2,
      logprobs: true,
      topLogprobs: 2,
      provider: { only: ['x'] },
      parameters: ['max_tokens', 'stop', 'logprobs'],
    });
    const { body: sent } = renderUpstream(request, body, 'openai-completions', 'openai-chat', {
      endpoint: endpointOf(),
    });
    expect(sent).toMatchObject({ messages: [{ role: 'user', content: 'Once' }], max_tokens: 5 });
    expect(sent).not.toHaveProperty('prompt');
  });

  it.each([
    ['several prompts', { prompt: ['a', 'b'] }, 'prompt'],
    ['tokens', { prompt: [1, 2] }, 'prompt'],
    ['no prompt', { prompt: undefined }, 'prompt'],
    ['a suffix', { suffix: 'x' }, 'suffix'],
    ['echo', { echo: true }, 'echo'],
    ['answers that are thrown away', { best_of: 3 }, 'best_of'],
  ])('refuses %s and says so', (_, fields, place) => {
    let fault: unknown;
    try {
      dialect.parseRequest(bodyOf(fields));
    } catch (error) {
      fault = error;
    }
    expect(fault).toBeInstanceOf(GatewayError);
    expect((fault as GatewayError).message).toMatch(new RegExp(`^${place}\\b`));
  });
});

const suite = recordingsDirectory() === null ? describe.skip : describe;
const note =
  recordingsDirectory() === null ? ' (skipped: no recordings beside the repository, set SWITCHYARD_FIXTURES)' : '';
const named = (stream: boolean): [string, Recording][] =>
  chatRecordings()
    .filter((recording) => recording.stream === stream && !isError(recording) && !recording.tags.includes('tool-call'))
    .map((recording) => [`${recording.provider}/${recording.case}`, recording]);
const laneOf = ({ protocol, stream }: Recording) =>
  createLane({ dialect: 'openai-completions', protocol, context, request: dialect.parseRequest(bodyOf({ stream })) });
const clientOf = (bytes: Uint8Array, type: string) =>
  new OpenAI({
    apiKey: 'none',
    maxRetries: 0,
    fetch: () => Promise.resolve(new Response(Buffer.from(bytes), { headers: { 'content-type': type } })),
  });

suite(`recorded provider traffic to clients of OpenAI's older API${note}`, () => {
  it.each(named(false))('body %s', async (_name, recording) => {
    const bytes = bytesOf(recording);
    const lane = laneOf(recording);
    lane.response(bytes.toString('utf8'));
    const answer = await clientOf(lane.renderResponse(billing), 'application/json').completions.create(
      bodyOf() as never,
    );
    const [choice] = (answer as OpenAI.Completion).choices;
    const { text } = readAnswer(recording.protocol, bytes, false);
    if (!recording.tags.includes('refusal')) expect(choice?.text).toBe(text);
    expect(choice?.finish_reason).not.toBeNull();
    expect(answer).toMatchObject({ object: 'text_completion', id: context.generationId, usage: { total_tokens: 25 } });
  });

  it.each(named(true))('stream %s', async (_name, recording) => {
    const bytes = bytesOf(recording);
    const lane = laneOf(recording);
    const rendered = await joined(through(lane, cut(bytes, recording.networkReadSizes ?? [997])));
    if (lane.summary.finishReason === null) return;
    const all = Buffer.concat([rendered, lane.renderEnd(billing)]);
    const stream = await clientOf(all, 'text/event-stream').completions.create({ ...bodyOf(), stream: true });
    let [text, last] = ['', {} as OpenAI.Completion];
    for await (const chunk of stream) {
      text += chunk.choices.find(({ index }) => index === 0)?.text ?? '';
      last = chunk;
    }
    if (!recording.tags.includes('content-filter')) expect(text).toBe(readAnswer(recording.protocol, bytes, true).text);
    expect(last.usage).toMatchObject({ total_tokens: 25, cost: 0.00000125 });
  });
});
