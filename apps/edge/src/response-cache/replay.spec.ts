import { decodeAnswer, encodeAnswer } from './cached-answer.js';
import type { CachedAnswer } from './cached-answer.js';
import { replayed } from './replay.js';

const as = {
  sourceId: 'gen-1700000000-AAAAAAAAAAbbbbbbbbbb',
  id: 'gen-1800000000-CCCCCCCCCCdddddddddd',
  createdS: 1_800_000_000,
};
const whole = (answer: object) =>
  JSON.parse(replayed(Buffer.from(JSON.stringify(answer)), false, as).toString()) as object;
const stream = (...events: string[]) => replayed(Buffer.from(events.join('')), true, as).toString();

describe('a replay', () => {
  it('is an answer of its own: new id, new time, no usage, everything else as it was', () => {
    const answer = {
      id: as.sourceId,
      object: 'chat.completion',
      created: 1_700_000_000,
      model: 'a/b',
      choices: [
        { index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'created: 1, usage: 2 ünï' } },
      ],
      usage: {
        prompt_tokens: 10,
        cost: 0.25,
        is_byok: false,
        usage_source: 'reported',
        prompt_tokens_details: { cached_tokens: 3 },
        iterations: [{ tokens: 4 }, null],
      },
      openrouter_metadata: { attempt: 1 },
    };
    const { openrouter_metadata: _gone, ...rest } = answer;
    expect(whole(answer)).toEqual({
      ...rest,
      id: as.id,
      created: as.createdS,
      usage: {
        prompt_tokens: 0,
        cost: 0,
        is_byok: false,
        usage_source: 'reported',
        prompt_tokens_details: { cached_tokens: 0 },
        iterations: [{ tokens: 0 }, null],
      },
    });
  });

  it('knows where other formats keep them', () => {
    expect(
      stream(
        `event: response.completed\ndata: {"type":"response.completed","response":{"id":"${as.sourceId}","created_at":1,"completed_at":2,"output":[{"id":"msg_AAAAAAAAAAbbbbbbbbbb_0"}],"usage":{"input_tokens":5}}}\n\n`,
        `event: message_start\ndata: {"type":"message_start","message":{"id":"${as.sourceId}","usage":{"output_tokens":1}}}\n\n`,
        `data: {"responseId":"${as.sourceId}","usageMetadata":{"totalTokenCount":9}}\r\n\r\n`,
      ),
    ).toBe(
      [
        `event: response.completed\ndata: {"type":"response.completed","response":{"id":"${as.id}","created_at":1800000000,"completed_at":1800000000,"output":[{"id":"msg_CCCCCCCCCCdddddddddd_0"}],"usage":{"input_tokens":0}}}\n\n`,
        `event: message_start\ndata: {"type":"message_start","message":{"id":"${as.id}","usage":{"output_tokens":0}}}\n\n`,
        `data: {"responseId":"${as.id}","usageMetadata":{"totalTokenCount":0}}\r\n\r\n`,
      ].join(''),
    );
  });

  it('leaves comments, names of events, ends and embedded vectors alone', () => {
    expect(stream(': PROCESSING\n\n', 'event: ping\ndata: {"type":"ping"}\n\n', 'data: [DONE]\n\n')).toBe(
      ': PROCESSING\n\nevent: ping\ndata: {"type":"ping"}\n\ndata: [DONE]\n\n',
    );
    const data = [{ object: 'embedding', index: 0, embedding: [0.123456789012345, -1e-9] }];
    expect(whole({ object: 'list', data, usage: { total_tokens: 3 } })).toEqual({
      object: 'list',
      data,
      usage: { total_tokens: 0 },
    });
  });
});

describe('a cached answer', () => {
  const answer: CachedAnswer = {
    sourceId: as.sourceId,
    model: 'a/b',
    provider: 'a',
    providerName: 'A',
    endpointId: 'a/b@a',
    finishReason: 'stop',
    nativeFinishReason: null,
    contentType: 'application/json',
    madeAtMs: 1_700_000_000_000,
    ttlSeconds: 300,
    headers: { 'x-switchyard-dropped-params': 'seed' },
    body: Buffer.from([0, 255, 10, 13]),
  };

  it('comes back from its bytes as it was', () => {
    expect(decodeAnswer(encodeAnswer(answer))).toEqual(answer);
    expect(decodeAnswer(encodeAnswer({ ...answer, body: Buffer.alloc(0) }))).toMatchObject({ body: Buffer.alloc(0) });
  });

  it('is nothing where the bytes are of something else', () => {
    const bytes = encodeAnswer(answer);
    for (let length = 0; length < bytes.byteLength - answer.body.byteLength; length += 1)
      expect(decodeAnswer(bytes.subarray(0, length))).toBeNull();
    expect(decodeAnswer(Buffer.alloc(64, 255))).toBeNull();
    expect(decodeAnswer(encodeAnswer({ ...answer, ttlSeconds: 0 }))).toBeNull();
  });
});
