import fc from 'fast-check';
import { protocolOf } from './index.js';
import { collect, collectStream, answerOf } from './testing/collect.js';
import { billing, laneOf } from './testing/builders.js';
import { cut, joined, through } from './testing/chunks.js';
import { readAnswer } from './testing/oracle.js';
import { bytesOf, chatRecordings, isError, recordingsDirectory } from './testing/recordings.js';
import type { Recording } from './testing/recordings.js';

const chats = chatRecordings();
const named = (list: readonly Recording[]): [string, Recording][] =>
  list.map((one) => [`${one.provider}/${one.case}`, one]);

const bodies = named(chats.filter((one) => !one.stream && !isError(one)));
const streams = named(chats.filter((one) => one.stream && !isError(one)));
const failures = named(chats.filter((one) => one.status !== 200));
const brokenAnswers = named(chats.filter((one) => one.status === 200 && isError(one)));

/** Byte by byte is slow for the few recordings with whole pictures in them; they are cut into odd pieces instead. */
const smallest = (bytes: Buffer): number => (bytes.length > 200_000 ? 997 : 1);

const suite = recordingsDirectory() === null ? describe.skip : describe;
const note =
  recordingsDirectory() === null ? ' (skipped: no recordings beside the repository, set SWITCHYARD_FIXTURES)' : '';

suite(`recorded provider traffic${note}`, () => {
  it('runs all of it but what is no chat completion', () => {
    expect(chats.length).toBeGreaterThan(300);
    expect(bodies.length + streams.length + failures.length + brokenAnswers.length).toBe(chats.length);
  });

  it.each(bodies)('body %s says what it says', (_name, recording) => {
    const bytes = bytesOf(recording);
    const expected = readAnswer(recording.protocol, bytes, false);
    const collected = collect(protocolOf(recording.protocol).parseResponse(JSON.parse(bytes.toString('utf8'))));
    expect(answerOf(collected)).toEqual(expected);
    expect(collected).toMatchObject({ finishes: 1, failure: null });

    const lane = laneOf(recording.protocol);
    lane.response(bytes.toString('utf8'));
    const rendered = readAnswer('openai-chat', Buffer.from(lane.renderResponse(billing)), false);
    expect(rendered).toMatchObject({ text: expected.text, tools: expected.tools });
    expect(rendered.reasoning).toBe(expected.reasoning);
    expect(rendered.signatures).toEqual(expect.arrayContaining([...expected.signatures]));
  });

  it.each(streams)('stream %s says what it says, however it is cut', async (_name, recording) => {
    const bytes = bytesOf(recording);
    const protocol = protocolOf(recording.protocol);
    const expected = readAnswer(recording.protocol, bytes, true);
    const cuttings = [[bytes.length], [smallest(bytes)], recording.networkReadSizes ?? [bytes.length]];
    const rendered = await joined(through(laneOf(recording.protocol), cut(bytes, [bytes.length])));
    for (const sizes of cuttings) {
      const collected = await collectStream(protocol.parseStream(cut(bytes, sizes)));
      if (collected.nativeFinish !== null || recording.protocol === 'openai-chat')
        expect(answerOf(collected)).toEqual(expected);
      else expect(collected).toMatchObject({ text: expected.text, reasoning: expected.reasoning });
      expect(collected.failure).toBeNull();
      const again = await joined(through(laneOf(recording.protocol), cut(bytes, sizes)));
      expect(again.equals(rendered)).toBe(true);
    }
    const answer = readAnswer('openai-chat', rendered, true);
    expect(answer).toMatchObject({ text: expected.text, reasoning: expected.reasoning, tools: expected.tools });
    expect(answer.signatures).toEqual(expect.arrayContaining([...expected.signatures]));
    expect(answer.promptTokens).toBeNull();
  });

  it.each(streams)('stream %s is the same when cut at random', async (_name, recording) => {
    const bytes = bytesOf(recording);
    const whole = await joined(through(laneOf(recording.protocol), cut(bytes, [bytes.length])));
    const sizes = fc.array(fc.integer({ min: 1, max: Math.max(2, Math.ceil(bytes.length / 3)) }), {
      minLength: 1,
      maxLength: 40,
    });
    await fc.assert(
      fc.asyncProperty(sizes, async (random) => {
        const pieces = await joined(through(laneOf(recording.protocol), cut(bytes, random)));
        expect(pieces.equals(whole)).toBe(true);
      }),
      { numRuns: 5 },
    );
  });

  it.each(streams)('stream %s is complete exactly when its last choice has finished', async (_name, recording) => {
    const bytes = bytesOf(recording);
    const lane = laneOf(recording.protocol);
    await joined(through(lane, cut(bytes, [4096])));
    const wasCut = recording.tags.includes('truncated') && !recording.case.includes('no-terminal');
    expect(lane.summary.terminal).toBe(!wasCut);
    expect(lane.summary.failure).toBeNull();
    if (!wasCut) expect(lane.summary.finishReason).not.toBeNull();
  });

  it.each(failures)('failure %s has a code of the closed list', (_name, recording) => {
    const body = bytesOf(recording).toString('utf8');
    const failure = protocolOf(recording.protocol).parseError(recording.status, recording.responseHeaders, body);
    expect(failure.code).toBe(expectedCode(recording));
    expect(Buffer.byteLength(failure.raw ?? '')).toBeLessThanOrEqual(2048);
    const asked = recording.responseHeaders['retry-after-ms'] ?? recording.responseHeaders['retry-after'];
    if (asked !== undefined) expect(failure.retryAfterMs).toBeGreaterThan(0);
  });

  it.each(brokenAnswers)('error inside of a 200 answer: %s', async (_name, recording) => {
    const bytes = bytesOf(recording);
    const lane = laneOf(recording.protocol);
    if (recording.stream) await joined(through(lane, cut(bytes, [bytes.length])));
    else lane.response(bytes.toString('utf8'));
    expect(lane.summary.failure).not.toBeNull();
    expect(lane.summary.terminal).toBe(false);
  });
});

/** Read off the recordings by hand, for the statuses whose words decide. */
function expectedCode({ status, case: name, provider }: Recording): string {
  const byCase: Readonly<Record<string, string>> = {
    'anthropic/error-400--claude-haiku-4-5-20251001': 'context_length_exceeded',
    'cohere/error-400--command-a-03-2025': 'context_length_exceeded',
    'deepseek/error-400--deepseek-chat': 'context_length_exceeded',
    'ollama/error-400--gpt-oss-120b': 'context_length_exceeded',
    'perplexity/error-400--sonar': 'context_length_exceeded',
    'gemini/error-400--gemini-2.5-flash': 'upstream_auth',
    'azure/reconstructed-error-400-content-filter': 'content_policy_violation',
    'openai-responses/error-400--gpt-5-nano': 'context_length_exceeded',
    'bedrock/error-400--us.amazon.nova-micro-v1-3ao': 'upstream_not_found',
    'bedrock/reconstructed-error-424-model-error': 'upstream_timeout',
    'openai-responses/error-400--gpt-5.2-proo': 'upstream_not_found',
    'vertex/error-400--gemini-2.5-flash': 'context_length_exceeded',
    'xai-responses/error-400--grok-4.3': 'upstream_auth',
    'openrouter/error-400--claude-haiku-4.5': 'context_length_exceeded',
    'openrouter/reconstructed-error-403-moderation': 'content_policy_violation',
    'mistral/reconstructed-error-429-capacity': 'upstream_overloaded',
    'cerebras/reconstructed-error-429-queue': 'upstream_overloaded',
  };
  const byStatus: Readonly<Record<number, string>> = {
    400: 'upstream_rejected',
    401: 'upstream_auth',
    402: 'upstream_auth',
    403: 'upstream_auth',
    404: 'upstream_not_found',
    408: 'upstream_timeout',
    422: 'upstream_rejected',
    429: 'upstream_rate_limited',
    498: 'upstream_overloaded',
    500: 'upstream_error',
    502: 'upstream_error',
    503: 'upstream_overloaded',
    529: 'upstream_overloaded',
  };
  return byCase[`${provider}/${name}`] ?? byStatus[status] ?? 'none';
}
