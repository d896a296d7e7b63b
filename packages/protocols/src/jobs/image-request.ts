import { GatewayError } from '@switchyard/contracts';
import { z } from 'zod';
import { invalid, parseBody } from '../dialects/common/fault.js';
import { routingFields, routingOf } from '../dialects/common/routing-fields.js';
import { optional } from '../dialects/common/schema-helpers.js';
import type { JobBody } from './job-body.js';
import { bytesOfBase64 } from './media-types.js';
import { textBytes } from './text-bytes.js';
import type { JobRequest } from './types.js';

/** An image that goes in. */
export interface ReferenceImage {
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

export interface ImageRequest extends JobRequest {
  readonly job: 'image';
  readonly prompt: string;
  readonly n: number;
  /** Pixels as `1024x1024`, or `auto`. */
  readonly pixels?: string;
  readonly aspectRatio?: string;
  readonly resolution?: string;
  readonly quality?: string;
  readonly background?: string;
  readonly outputFormat?: string;
  readonly outputCompression?: number;
  readonly seed?: number;
  readonly references: readonly ReferenceImage[];
  readonly mask?: ReferenceImage;
  /** OpenAI's own (`moderation`, `style`, `input_fidelity`). */
  readonly extra: Readonly<Record<string, string>>;
  /** The client reads events: it gets one for each image, when all are there. */
  readonly events: boolean;
}

const MAX_PROMPT_CHARACTERS = 65_536;
const MAX_IMAGES = 10;
const MAX_REFERENCES = 16;
const RESOLUTIONS = ['512', '1K', '2K', '4K'] as const;
const EXTRA = ['moderation', 'style', 'input_fidelity'] as const;
const word = z.string().regex(/^[a-z0-9_-]{1,32}$/);

const imageRequest = z.looseObject({
  ...routingFields,
  prompt: z.string().min(1).max(MAX_PROMPT_CHARACTERS),
  n: optional(z.int().min(1).max(MAX_IMAGES)),
  size: optional(
    z.string().regex(/^(?:auto|512|[124]K|\d{2,5}x\d{2,5})$/, 'expected pixels like "1024x1024", "2K" or "auto"'),
  ),
  aspect_ratio: optional(
    z.string().regex(/^(?:auto|\d{1,2}(?:\.\d)?:\d{1,2}(?:\.\d)?)$/, 'expected a ratio like "16:9"'),
  ),
  resolution: optional(z.enum(RESOLUTIONS)),
  quality: optional(word),
  background: optional(word),
  output_format: optional(word),
  output_compression: optional(z.int().min(0).max(100)),
  seed: optional(z.int()),
  input_references: optional(
    z
      .array(z.looseObject({ type: z.literal('image_url'), image_url: z.looseObject({ url: z.string().min(1) }) }))
      .max(MAX_REFERENCES),
  ),
  response_format: optional(z.enum(['b64_json', 'url'])),
  moderation: optional(word),
  style: optional(word),
  input_fidelity: optional(word),
  stream: optional(z.boolean()),
  user: optional(z.string()),
});

/**
 * Reads `POST /images` (spec, table of routes) and OpenAI's `/images/generations` and `/images/edits`, whose form brings the images as
 * files. `null` means absent.
 * @throws GatewayError `invalid_request` that names the place of the fault, `unsupported_parameter`
 */
export function parseImage({ json, files }: JobBody): ImageRequest {
  const { request } = parseBody(imageRequest, json);
  if (request.response_format === 'url')
    throw new GatewayError('unsupported_parameter', {
      message: 'response_format: images are answered as b64_json; they are stored nowhere.',
      metadata: { parameters: ['response_format'] },
    });
  const { models, provider, sessionId } = routingOf(request);
  const { prompt, quality, background, seed, user } = request;
  const n = request.n ?? 1;
  const isTier = RESOLUTIONS.some((tier) => tier === request.size);
  const size = isTier ? undefined : (request.size ?? undefined);
  const resolution = isTier ? request.size : request.resolution;
  if (size && size !== 'auto' && (resolution || request.aspect_ratio))
    throw invalid('size', 'size: pixels leave no room for resolution or aspect_ratio');
  const { references, mask } = imagesOf(files, request.input_references ?? []);
  const promptBytes = textBytes(prompt);
  const reads = references.length + (mask ? 1 : 0);
  return {
    job: 'image',
    models,
    provider,
    ...(sessionId && { sessionId }),
    ...(user && { user }),
    parameters: seed === undefined || seed === null ? [] : ['seed'],
    // Several images in one answer: some models draw only one.
    needs: n > 1 ? ['n'] : [],
    inputModalities: reads > 0 ? ['text', 'image'] : ['text'],
    prompt,
    n,
    ...(size && { pixels: size }),
    ...(request.aspect_ratio && { aspectRatio: request.aspect_ratio }),
    ...(resolution && { resolution }),
    ...(quality && { quality }),
    ...(background && { background }),
    ...(request.output_format && { outputFormat: request.output_format }),
    ...(typeof request.output_compression === 'number' && { outputCompression: request.output_compression }),
    ...(typeof seed === 'number' && { seed }),
    references,
    ...(mask && { mask }),
    extra: Object.fromEntries(EXTRA.flatMap((name) => (request[name] ? [[name, request[name]]] : []))),
    events: request.stream ?? false,
    size: {
      promptBytes,
      texts: 1,
      largestBytes: promptBytes,
      requests: 1,
      images: reads,
      pieces: { outputImages: n },
      outputTokens: null,
    },
  };
}

const DATA_URL = /^data:(image\/[a-z0-9.+-]{1,32});base64,/;

function imagesOf(files: JobBody['files'], listed: readonly { readonly image_url: { readonly url: string } }[]) {
  const typed = files.map(({ field, contentType, bytes }) => ({
    field,
    mediaType: contentType.split(';', 1)[0] ?? '',
    bytes,
  }));
  const wrong = typed.find(({ mediaType, bytes }) => !mediaType.startsWith('image/') || bytes.byteLength === 0);
  if (wrong) throw invalid(wrong.field, `${wrong.field}: expected an image`);
  const references = [
    ...typed.filter(({ field }) => field === 'image'),
    ...listed.map(({ image_url: { url } }, index) => referenceOf(url, `input_references[${index}].image_url.url`)),
  ];
  if (references.length > MAX_REFERENCES) throw invalid('image', `image: expected at most ${MAX_REFERENCES} images`);
  return { references, mask: typed.find(({ field }) => field === 'mask') };
}

function referenceOf(url: string, path: string): ReferenceImage {
  const mediaType = DATA_URL.exec(url)?.[1];
  const bytes = mediaType ? bytesOfBase64(url.slice(url.indexOf(',') + 1)) : null;
  if (!mediaType || !bytes)
    throw invalid(path, `${path}: expected an image as a data URL with base64; the gateway fetches no addresses`);
  return { mediaType, bytes };
}
