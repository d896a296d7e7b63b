import type { UpstreamFailure } from '@switchyard/contracts';
import { isRecord, parseJson, textOf } from '../json.js';
import { classifyError } from './classify.js';
import { failureOf } from './failure.js';
import { retryAfterMsOf } from './retry-after.js';

/**
 * Reads an error in any of the shapes that providers send: `{error:{message,type,code}}` (OpenAI, Anthropic, Google),
 * `{code,error:"…"}` (xAI), `{message,type,code}` (Mistral, Cerebras), `{detail}` (FastAPI servers), a list with one of these
 * (Google), plain text or an HTML page.
 */
export function parseErrorBody(
  status: number,
  headers: Readonly<Record<string, string>>,
  body: string,
): UpstreamFailure {
  return describeError(status, lowerCaseNames(headers), parseJson(body)?.value, body);
}

/** The same for an error that came as an event of a stream or inside a 200 body. */
export const parseErrorValue = (value: unknown, raw: string): UpstreamFailure => describeError(200, {}, value, raw);

/** Whether a JSON value of a 200 answer is an error in disguise. */
export const isErrorValue = (value: unknown): boolean =>
  isRecord(value) &&
  ((value['error'] !== undefined && value['error'] !== null) ||
    value['type'] === 'error' ||
    value['object'] === 'error' ||
    (value['choices'] === undefined && value['detail'] !== undefined && value['message'] === undefined));

function describeError(
  status: number,
  headers: Readonly<Record<string, string>>,
  value: unknown,
  raw: string,
): UpstreamFailure {
  const body = Array.isArray(value) ? (value[0] as unknown) : value;
  const outer = isRecord(body) ? body : {};
  const error = isRecord(outer['error']) ? outer['error'] : outer;
  const message =
    textOf(error['message']) ?? textOf(outer['error']) ?? textOf(outer['detail']) ?? textOf(outer['message']) ?? '';
  const code = error['code'] ?? outer['code'];
  const type = textOf(error['type']) ?? textOf(error['status']);
  const providerCode = typeof code === 'string' && code !== '' ? code : type;
  const words = [type, typeof code === 'string' ? code : '', message].join(' ');
  const retryAfterMs = retryAfterMsOf(headers, body, message);
  return failureOf(classifyError({ status: statusIn(error, status), words }), {
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    ...(providerCode !== undefined && { providerCode }),
    raw: raw.trim(),
  });
}

/** An error inside a 200 may name the status that it would have had (OpenRouter, Google: `code`; Groq: `status_code`). */
function statusIn(error: Record<string, unknown>, status: number): number {
  if (status < 200 || status >= 300) return status;
  const named = [error['status_code'], error['code']].find(
    (value): value is number => Number.isInteger(value) && (value as number) >= 400 && (value as number) < 600,
  );
  return named ?? status;
}

export const lowerCaseNames = (headers: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
