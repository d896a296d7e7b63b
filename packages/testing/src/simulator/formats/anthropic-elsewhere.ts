import { z } from 'zod';
import { RefusedRequest } from '../prompt.js';
import { anthropic } from './anthropic.js';
import { awsError, bedrockAddress, eventOf, exceptionOf } from './aws-events.js';
import type { Format } from './format.js';

const VersionedBody = z.looseObject({ anthropic_version: z.string(), stream: z.boolean().optional() });

/** The body as Anthropic itself would get it. @throws RefusedRequest without a version or with a model, as the clouds do */
function messageOf(body: unknown, model: string, stream: boolean): unknown {
  const result = VersionedBody.safeParse(body);
  if (!result.success || result.data['model'] !== undefined)
    throw new RefusedRequest('Invalid request: `anthropic_version` belongs in the body, the model in the address.');
  const { anthropic_version: _version, ...message } = result.data;
  return { ...message, model, stream };
}

/** Claude on Vertex AI: `POST …/publishers/anthropic/models/{model}:rawPredict`, or `:streamRawPredict`. */
export const anthropicVertex: Format = {
  ...anthropic,
  id: 'anthropic-vertex',
  parse(body, address) {
    const [, model = '', method = ''] = /\/models\/([^/:]+):(\w+)/.exec(address) ?? [];
    return anthropic.parse(messageOf(body, decodeURIComponent(model), method === 'streamRawPredict'), address);
  },
};

const wrapped = (payload: string): Buffer =>
  eventOf('chunk', JSON.stringify({ bytes: Buffer.from(payload).toString('base64'), p: 'abcdefgh' }));

const asText = (event: string | Uint8Array): string =>
  typeof event === 'string' ? event : Buffer.from(event).toString('utf8');

/** The payload of an event of Anthropic's. */
const payloadOf = (text: string): string => text.slice(text.indexOf('data: ') + 'data: '.length).trimEnd();

/** Claude behind InvokeModel of Bedrock: `POST /model/{model}/invoke`, or `invoke-with-response-stream`; errors are AWS's own. */
export const anthropicBedrock: Format = {
  ...anthropic,
  id: 'anthropic-bedrock',
  streamType: 'application/vnd.amazon.eventstream',
  parse(body, address) {
    const { model, method } = bedrockAddress(address);
    return anthropic.parse(messageOf(body, model, method === 'invoke-with-response-stream'), address);
  },
  *frames(reply) {
    for (const frame of anthropic.frames(reply)) yield { ...frame, text: wrapped(payloadOf(asText(frame.text))) };
  },
  error: (status, _type, message) => awsError(status, message),
  errorEvent: (message) => exceptionOf('serviceUnavailableException', message),
  textEvent: (reply, text) => wrapped(payloadOf(asText(anthropic.textEvent(reply, text)))),
  event: wrapped,
};
