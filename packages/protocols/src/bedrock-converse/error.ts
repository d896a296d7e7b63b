import type { UpstreamFailure } from '@switchyard/contracts';
import { classifyError } from '../failures/classify.js';
import { lowerCaseNames } from '../failures/error-body.js';
import { failureOf } from '../failures/failure.js';
import { retryAfterMsOf } from '../failures/retry-after.js';
import { frameJson, frameText } from '../frames/frame-reader.js';
import type { Frame } from '../frames/frame-reader.js';
import { countOf, parseJson, recordOf, textOf } from '../json.js';

/** The status that an exception stands for, where its own says less (API_runtime_Converse.html#Errors) or, in a stream, is missing. */
const STATUSES: Readonly<Record<string, number>> = {
  AccessDeniedException: 403,
  ExpiredTokenException: 401,
  IncompleteSignatureException: 401,
  InternalFailure: 500,
  InternalServerException: 500,
  InvalidSignatureException: 401,
  MissingAuthenticationTokenException: 401,
  ModelNotReadyException: 503,
  ModelTimeoutException: 408,
  RequestTimeoutException: 408,
  ResourceNotFoundException: 404,
  ServiceQuotaExceededException: 429,
  ServiceUnavailableException: 503,
  ThrottlingException: 429,
  UnrecognizedClientException: 401,
  ValidationException: 400,
};

/** Exceptions of the model itself: the status that it gave to Bedrock is in the body. */
const MODEL_ERRORS: readonly string[] = ['ModelErrorException', 'ModelStreamErrorException'];

const TOO_LONG = /input is too long|too many tokens in (?:the )?(?:input|prompt)/i;
const NO_SUCH_MODEL =
  /model identifier is invalid|on-demand throughput isn.t supported|model version has reached the end of its life/i;

/** An HTTP error: the name of the exception stands in a header (`ValidationException:http://…`) or in the body. */
export function parseError(status: number, given: Readonly<Record<string, string>>, body: string): UpstreamFailure {
  const headers = lowerCaseNames(given);
  const value = recordOf(parseJson(body)?.value);
  const named = headers['x-amzn-errortype'] ?? textOf(value['__type']) ?? textOf(value['code']) ?? '';
  const name = named.split(':')[0]!.split('#').at(-1)!;
  return describe(name, status, value, body, headers);
}

/** An exception that ends a stream. */
export const parseException = (frame: Frame): UpstreamFailure =>
  describe(capitalised(frame.exception ?? ''), 500, recordOf(frameJson(frame)?.value), frameText(frame), {});

const capitalised = (name: string): string => name.slice(0, 1).toUpperCase() + name.slice(1);

function describe(
  name: string,
  status: number,
  value: Readonly<Record<string, unknown>>,
  raw: string,
  headers: Readonly<Record<string, string>>,
): UpstreamFailure {
  const message = textOf(value['message']) ?? textOf(value['Message']) ?? '';
  const meant = MODEL_ERRORS.includes(name)
    ? (countOf(value['originalStatusCode']) ?? 500)
    : (STATUSES[name] ?? status);
  const retryAfterMs = retryAfterMsOf(headers, value, message);
  return failureOf(codeOf(meant, `${name} ${message}`), {
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    ...(name !== '' && { providerCode: name }),
    raw: raw.trim(),
  });
}

function codeOf(status: number, words: string) {
  if (status === 400 && TOO_LONG.test(words)) return 'context_length_exceeded';
  if (status === 400 && NO_SUCH_MODEL.test(words)) return 'upstream_not_found';
  return classifyError({ status, words });
}
