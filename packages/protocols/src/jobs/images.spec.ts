import { Buffer } from 'node:buffer';
import type { ProtocolId } from '@switchyard/contracts';
import { billing, context } from '../testing/builders.js';
import { bodyOf, endpoint, faultOf, png } from '../testing/media.js';
import { planJob, servesJob } from './index.js';
import type { JobBody } from './job-body.js';
import { planWhole } from './plan-job.js';

describe('images', () => {
  const answer = JSON.stringify({
    created: 1,
    data: [{ b64_json: png.toString('base64') }, { b64_json: 'not base64' }],
    usage: {
      input_tokens: 50,
      output_tokens: 4_160,
      total_tokens: 4_210,
      input_tokens_details: { text_tokens: 10, image_tokens: 40 },
    },
  });
  const sent = (json: object, protocol: ProtocolId = 'openai-chat', files: JobBody['files'] = []) =>
    planJob('image', bodyOf({ prompt: 'a fox', ...json }, files), protocol, { endpoint }).upstream;

  it('are asked for in OpenAI’s words', () => {
    expect(sent({ n: 2, aspect_ratio: '16:9', quality: 'high', resolution: '2K', seed: 5 })).toEqual({
      path: '/images/generations',
      headers: { 'content-type': 'application/json' },
      body: { model: 'up', prompt: 'a fox', n: 2, size: '1536x1024', quality: 'high', response_format: 'b64_json' },
      dropped: ['resolution', 'seed'],
    });
    const own = planJob('image', bodyOf({ prompt: 'x' }), 'openai-chat', {
      endpoint: { ...endpoint, upstreamModel: 'gpt-image-1' },
    });
    expect(own.upstream.body).toEqual({ model: 'gpt-image-1', prompt: 'x' });
  });

  it('with references are an edit, whether they came as files or as data URLs', () => {
    const file = { field: 'image', filename: 'me.png', contentType: 'image/png', bytes: png };
    const reference = { type: 'image_url', image_url: { url: `data:image/png;base64,${png.toString('base64')}` } };
    for (const upstream of [sent({}, 'openai-chat', [file]), sent({ input_references: [reference] })]) {
      expect(upstream.path).toBe('/images/edits');
      expect(upstream.files).toEqual([
        { field: 'image[]', filename: 'image-1.png', contentType: 'image/png', bytes: png },
      ]);
    }
    expect(sent({ input_references: [reference], aspect_ratio: '9:16', resolution: '2K' }, 'gemini').body).toEqual({
      contents: [
        {
          role: 'user',
          parts: [{ text: 'a fox' }, { inlineData: { mimeType: 'image/png', data: png.toString('base64') } }],
        },
      ],
      generationConfig: {
        responseModalities: ['TEXT', 'IMAGE'],
        imageConfig: { aspectRatio: '9:16', imageSize: '2K' },
      },
    });
  });

  it('are those that can be decoded, with the tokens of text and images apart', () => {
    const lane = planJob('image', bodyOf({ prompt: 'x' }), 'openai-chat', { endpoint }).lane(context);
    lane.response(answer);
    expect(lane.summary.usage).toMatchObject({
      inputTokens: 10,
      imageInputTokens: 40,
      imageOutputTokens: 4_160,
      outputImages: 1,
    });
    const body = JSON.parse(
      Buffer.from(lane.renderResponse({ ...billing, usage: lane.summary.usage! })).toString(),
    ) as object;
    expect(body).toMatchObject({
      created: context.created,
      data: [{ b64_json: png.toString('base64'), media_type: 'image/png' }],
      usage: { prompt_tokens: 50, completion_tokens: 4_160, input_tokens: 50, output_tokens: 4_160 },
    });
  });

  it('are events for a client that reads events', () => {
    const lane = planJob('image', bodyOf({ prompt: 'x', stream: true }), 'openai-chat', { endpoint }).lane(context);
    lane.response(answer);
    const text = Buffer.from(lane.renderResponse(billing)).toString();
    expect(lane.contentType).toMatch(/^text\/event-stream/);
    expect(text).toMatch(/^event: image_generation.completed\ndata: \{.*"b64_json".*\}\n\ndata: \[DONE\]\n\n$/);
  });

  it('of Gemini come out of a chat', () => {
    const planned = planWhole('image', bodyOf({ prompt: 'x' }), 'gemini', { endpoint });
    const text = JSON.stringify({
      candidates: [
        {
          content: {
            parts: [{ text: 'Here.' }, { inlineData: { mimeType: 'image/png', data: png.toString('base64') } }],
          },
        },
      ],
      usageMetadata: {
        promptTokenCount: 8,
        candidatesTokenCount: 1_300,
        thoughtsTokenCount: 20,
        candidatesTokensDetails: [{ modality: 'IMAGE', tokenCount: 1_290 }],
      },
    });
    expect(planned.read(text)).toMatchObject({
      usage: { inputTokens: 8, outputTokens: 10, imageOutputTokens: 1_290, reasoningTokens: 20 },
      body: { data: [{ media_type: 'image/png' }] },
    });
  });

  it.each(['{}', '{"data":[]}', '{"data":[{"b64_json":""}]}', '{"data":[{"url":"https://a.example/x.png"}]}'])(
    'of %s are none',
    (text) => {
      expect(planWhole('image', bodyOf({ prompt: 'x' }), 'openai-chat', { endpoint }).read(text)).toMatchObject({
        code: 'upstream_invalid_response',
      });
    },
  );

  it('are asked of endpoints for images alone, and of Gemini’s that also write', () => {
    expect(servesJob('image', 'openai-chat', { outputModalities: ['image'] })).toBe(true);
    expect(servesJob('image', 'openai-chat', { outputModalities: ['image', 'text'] })).toBe(false);
    expect(servesJob('image', 'gemini', { outputModalities: ['image', 'text'] })).toBe(true);
    expect(servesJob('speech', 'anthropic-messages', { outputModalities: ['speech'] })).toBe(false);
  });

  it.each<[object, string]>([
    [{}, 'invalid_request prompt'],
    [{ prompt: 'x', n: 11 }, 'invalid_request n'],
    [{ prompt: 'x', size: 'large' }, 'invalid_request size'],
    [{ prompt: 'x', size: '512x512', aspect_ratio: '1:1' }, 'invalid_request size'],
    [{ prompt: 'x', response_format: 'url' }, 'unsupported_parameter response_format'],
    [
      { prompt: 'x', input_references: [{ type: 'image_url', image_url: { url: 'http://10.0.0.1/x.png' } }] },
      'invalid_request input_references[0].image_url.url',
    ],
  ])('are refused as %j', (json, fault) => {
    expect(faultOf('image', bodyOf(json))).toBe(fault);
  });
});
