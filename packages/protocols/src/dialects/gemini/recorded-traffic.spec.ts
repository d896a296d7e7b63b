import { GoogleGenAI, type GenerateContentResponse } from '@google/genai';
import type { CompletionRequest } from '@switchyard/contracts';
import { createLane, dialectOf } from '../../index.js';
import { billing, context } from '../../testing/builders.js';
import { cut, joined, through } from '../../testing/chunks.js';
import { formatOf } from '../../testing/fixtures.js';
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
  dialectOf('gemini').parseRequest({
    model: 'models/author/model',
    stream,
    contents: [{ role: 'user', parts: [{ text: 'Hello' }] }],
    generationConfig: { thinkingConfig: { includeThoughts: true } },
  });

const laneOf = ({ protocol, stream }: Recording) =>
  createLane({ dialect: 'gemini', protocol, context, request: requestOf(stream) });

interface Heard {
  text: string;
  thoughts: string;
  calls: { name: string | undefined; arguments: unknown }[];
}

function listen(responses: readonly GenerateContentResponse[]): Heard {
  const heard: Heard = { text: '', thoughts: '', calls: [] };
  const first = responses.flatMap(({ candidates }) => (candidates ?? []).filter(({ index }) => (index ?? 0) === 0));
  for (const part of first.flatMap(({ content }) => content?.parts ?? [])) {
    if (part.thought) heard.thoughts += part.text ?? '';
    else heard.text += part.text ?? '';
    if (part.functionCall) heard.calls.push({ name: part.functionCall.name, arguments: part.functionCall.args });
  }
  return heard;
}

const expectedCalls = (tools: ReturnType<typeof readAnswer>['tools']) =>
  tools.map(({ name, arguments: input }) => ({
    name,
    arguments: typeof input === 'object' && input !== null ? input : { invalid_arguments: input },
  }));

suite(`recorded provider traffic to Google's clients${note}`, () => {
  const client = new GoogleGenAI({ apiKey: 'none' });
  const network = globalThis.fetch;
  let answer: { bytes: Uint8Array; type: string };

  // Google's own client, fed with these bytes in place of an answer from the network.
  beforeAll(() => {
    globalThis.fetch = () =>
      Promise.resolve(new Response(Buffer.from(answer.bytes), { headers: { 'content-type': answer.type } }));
  });
  afterAll(() => {
    globalThis.fetch = network;
  });

  it.each(named(false))('body %s', async (_name, recording) => {
    const bytes = bytesOf(recording);
    const expected = readAnswer(recording.protocol, bytes, false);
    const lane = laneOf(recording);
    lane.response(bytes.toString('utf8'));
    answer = { bytes: lane.renderResponse(billing), type: 'application/json' };
    const response = await client.models.generateContent({ model: 'author/model', contents: 'Hello' });
    const heard = listen([response]);
    if (!recording.tags.includes('refusal')) expect(heard.text).toBe(expected.text);
    expect(heard.calls).toEqual(expectedCalls(expected.tools));
    expect(heard.thoughts).toBe(expected.reasoning);
    expect(response).toMatchObject({ responseId: context.generationId, modelVersion: context.model });
    expect(response.usageMetadata).toMatchObject({
      promptTokenCount: 15,
      candidatesTokenCount: 7,
      thoughtsTokenCount: 3,
      totalTokenCount: 25,
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
    answer = { bytes: Buffer.concat([rendered, whole.renderEnd(billing)]), type: 'text/event-stream' };
    const responses: GenerateContentResponse[] = [];
    for await (const response of await client.models.generateContentStream({
      model: 'author/model',
      contents: 'Hello',
    }))
      responses.push(response);
    const heard = listen(responses);
    if (!recording.tags.includes('content-filter')) expect(heard.text).toBe(expected.text);
    expect(heard.thoughts).toBe(expected.reasoning);
    if (formatOf(recording.protocol) !== 'gemini') expect(heard.calls).toEqual(expectedCalls(expected.tools));
    const finishes = responses.flatMap(({ candidates }) =>
      (candidates ?? []).filter(({ index }) => (index ?? 0) === 0),
    );
    expect(finishes.flatMap(({ finishReason }) => finishReason ?? [])).toHaveLength(1);
    expect(responses.at(-1)?.usageMetadata).toMatchObject({ totalTokenCount: 25, cost: 0.00000125 });
    for (const response of responses)
      if (response.responseId !== undefined) expect(response.responseId).toBe(context.generationId);
  });
});
