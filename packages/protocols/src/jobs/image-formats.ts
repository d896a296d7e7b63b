import { GatewayError, usageOf } from '@switchyard/contracts';
import type { CatalogueEndpoint, ProtocolId, Usage } from '@switchyard/contracts';
import { arrayOf, compact, countOf, recordOf, recordsOf, textOf } from '../json.js';
import { hashedUser } from '../privacy.js';
import type { UpstreamFile, UpstreamRequest } from '../types.js';
import type { ImageRequest, ReferenceImage } from './image-request.js';
import { imageTypeOf, isBase64 } from './media-types.js';
import type { JobFormat } from './types.js';

/** An image that came out. */
export interface DrawnImage {
  readonly b64_json: string;
  readonly media_type?: string;
  readonly revised_prompt?: string;
}

export type ImageFormat = JobFormat<ImageRequest, readonly DrawnImage[]>;

/** Those that can be decoded. */
export const drawnImage = (base64: string | undefined, mediaType?: string): DrawnImage | null => {
  if (base64 === undefined || !isBase64(base64)) return null;
  const type = mediaType ?? imageTypeOf(base64);
  return { b64_json: base64, ...(type && { media_type: type }) };
};

/** OpenAI draws squares, 3:2 and 2:3; the shape that was asked for decides which (developers.openai.com, image generation). */
function sizeOf({ pixels, aspectRatio }: ImageRequest): string | undefined {
  if (pixels || !aspectRatio || aspectRatio === 'auto') return pixels;
  const [width = 1, height = 1] = aspectRatio.split(':').map(Number);
  if (width === height) return '1024x1024';
  return width > height ? '1536x1024' : '1024x1536';
}

/** These always answer in base64, and refuse to be asked for it. */
const ALWAYS_BASE64 = /^(?:gpt-image|chatgpt-image)/;

/**
 * OpenAI's `POST /images/generations`, and with images that go in its form `POST /images/edits`
 * (platform.openai.com/docs/api-reference/images). Others speak the former, too.
 */
const openai: ImageFormat = {
  renderRequest(request, { endpoint }): UpstreamRequest {
    const body = compact({
      model: endpoint.upstreamModel,
      prompt: request.prompt,
      n: request.n === 1 ? undefined : request.n,
      size: sizeOf(request),
      quality: request.quality,
      background: request.background,
      output_format: request.outputFormat,
      output_compression: request.outputCompression,
      response_format: ALWAYS_BASE64.test(endpoint.upstreamModel) ? undefined : 'b64_json',
      user: request.user === undefined ? undefined : hashedUser(request.user),
      ...request.extra,
    });
    const dropped = [...(request.resolution ? ['resolution'] : []), ...(request.seed === undefined ? [] : ['seed'])];
    if (request.references.length === 0 && !request.mask)
      return { path: '/images/generations', headers: { 'content-type': 'application/json' }, body, dropped };
    const files = [
      ...request.references.map((image, index) => fileOf('image[]', `image-${index + 1}`, image)),
      ...(request.mask ? [fileOf('mask', 'mask', request.mask)] : []),
    ];
    return { path: '/images/edits', headers: {}, body, files, dropped };
  },
  parseResponse(body) {
    const answer = recordOf(body);
    const images = recordsOf(answer['data'])
      .map((each) => withPrompt(drawnImage(textOf(each['b64_json'])), textOf(each['revised_prompt'])))
      .filter((image) => image !== null);
    // Whatever of them can be decoded was made and is billed; an answer without any is none.
    if (images.length === 0) return null;
    return {
      content: images,
      usage: usageIn(answer['usage'], images.length),
      upstreamId: textOf(answer['id']) ?? null,
    };
  },
};

const fileOf = (field: string, name: string, { mediaType, bytes }: ReferenceImage): UpstreamFile => ({
  field,
  filename: `${name}.${mediaType.replace(/^image\//, '').replace(/\+.*$/, '')}`,
  contentType: mediaType,
  bytes,
});

const withPrompt = (image: DrawnImage | null, revised: string | undefined): DrawnImage | null =>
  image && revised !== undefined ? { ...image, revised_prompt: revised } : image;

/** Tokens of text and of images, both ways; models that are billed by the piece report none. */
function usageIn(value: unknown, images: number): Usage {
  const usage = recordOf(value);
  const [input = 0, output = 0] = [countOf(usage['input_tokens']), countOf(usage['output_tokens'])];
  const read = countOf(recordOf(usage['input_tokens_details'])['image_tokens']) ?? 0;
  const written = countOf(recordOf(usage['output_tokens_details'])['text_tokens']) ?? 0;
  return usageOf({
    source: 'reported',
    inputTokens: Math.max(0, input - read),
    imageInputTokens: Math.min(read, input),
    outputTokens: Math.min(written, output),
    imageOutputTokens: Math.max(0, output - written),
    outputImages: images,
    requests: 1,
  });
}

/** Gemini draws in a chat: `generateContent` with the modality of images (ai.google.dev/gemini-api/docs/image-generation). */
const gemini: ImageFormat = {
  renderRequest(request, { endpoint }) {
    if (request.mask) throw new GatewayError('unsupported_parameter', { metadata: { parameters: ['mask'] } });
    const { aspectRatio, resolution, pixels, prompt, references, seed } = request;
    const imageConfig = compact({
      aspectRatio: aspectRatio === 'auto' ? undefined : aspectRatio,
      imageSize: resolution,
    });
    const images = references.map(({ mediaType, bytes }) => ({
      inlineData: { mimeType: mediaType, data: Buffer.from(bytes).toString('base64') },
    }));
    return {
      path: `/models/${encodeURIComponent(endpoint.upstreamModel.replace(/^models\//, ''))}:generateContent`,
      headers: { 'content-type': 'application/json' },
      body: {
        contents: [{ role: 'user', parts: [{ text: prompt }, ...images] }],
        generationConfig: compact({
          responseModalities: ['TEXT', 'IMAGE'],
          imageConfig: Object.keys(imageConfig).length > 0 ? imageConfig : undefined,
          seed,
        }),
      },
      dropped: [
        ...(pixels && pixels !== 'auto' ? ['size'] : []),
        ...Object.entries({
          quality: request.quality,
          background: request.background,
          output_format: request.outputFormat,
        })
          .filter(([, value]) => value !== undefined)
          .map(([name]) => name),
      ],
    };
  },
  parseResponse(body) {
    const answer = recordOf(body);
    const content = recordOf(recordsOf(answer['candidates'])[0])['content'];
    const images = recordsOf(recordOf(content)['parts'])
      .map((part) => recordOf(part['inlineData'] ?? part['inline_data']))
      .map((data) => drawnImage(textOf(data['data']), textOf(data['mimeType'] ?? data['mime_type'])))
      .filter((image) => image !== null);
    if (images.length === 0) return null;
    const usage = geminiUsage(recordOf(answer['usageMetadata']), images.length);
    return { content: images, usage, upstreamId: textOf(answer['responseId']) ?? null };
  },
};

/** Tokens by modality: `IMAGE` of the prompt and of the candidates; thinking counts beside them. */
function geminiUsage(usage: Record<string, unknown>, images: number): Usage | null {
  const [input, output] = [countOf(usage['promptTokenCount']), countOf(usage['candidatesTokenCount'])];
  if (input === undefined || output === undefined) return null;
  const read = Math.min(imagesIn(usage['promptTokensDetails']), input);
  const drawn = Math.min(imagesIn(usage['candidatesTokensDetails']), output);
  return usageOf({
    source: 'reported',
    inputTokens: input - read,
    imageInputTokens: read,
    outputTokens: output - drawn,
    reasoningTokens: countOf(usage['thoughtsTokenCount']) ?? 0,
    imageOutputTokens: drawn,
    outputImages: images,
    requests: 1,
  });
}

const imagesIn = (details: unknown): number =>
  arrayOf(details)
    .map(recordOf)
    .filter(({ modality }) => modality === 'IMAGE')
    .reduce((sum, { tokenCount }) => sum + (countOf(tokenCount) ?? 0), 0);

/** OpenAI's table for squares (developers.openai.com, image generation); `auto` may be the best. */
const TOKENS_BY_QUALITY: Readonly<Record<string, number>> = { low: 272, medium: 1_056 };
const TOKENS_OF_BEST = 4_160;
const TOKENS_PER_INPUT_IMAGE = 300;

/** About what it uses, where nobody tells: images that were asked for are drawn, whoever listens. */
export function imageEstimate(request: ImageRequest, { maxCompletionTokens }: CatalogueEndpoint): Usage {
  const perImage = TOKENS_BY_QUALITY[request.quality ?? ''] ?? TOKENS_OF_BEST;
  return usageOf({
    source: 'estimated',
    inputTokens: Math.ceil(request.size.promptBytes / 4),
    imageInputTokens: request.references.length * TOKENS_PER_INPUT_IMAGE,
    imageOutputTokens: request.n * Math.min(perImage, maxCompletionTokens ?? perImage),
    outputImages: request.n,
    requests: 1,
  });
}

export const IMAGE_FORMATS: Readonly<Partial<Record<ProtocolId, ImageFormat>>> = { 'openai-chat': openai, gemini };
