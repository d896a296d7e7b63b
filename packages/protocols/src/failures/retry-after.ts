import { arrayOf, isRecord, recordOf, textOf } from '../json.js';

/** A provider may ask for any wait; nobody waits longer than this. */
export const MAX_RETRY_AFTER_MS = 3_600_000;

/**
 * How long a provider wants to be left alone, in milliseconds: `retry-after-ms`, `retry-after` in seconds or as a date
 * (RFC 9110), Google's `RetryInfo`, or the words "try again in 1.184s" (OpenAI, Groq).
 */
export function retryAfterMsOf(
  headers: Readonly<Record<string, string>>,
  body: unknown,
  message: string,
  nowMs: number = Date.now(),
): number | undefined {
  const milliseconds = headers['retry-after-ms'];
  // Azure sends `retry-after-ms: 0` beside `retry-after: 1`: nothing at all is no answer while there is another.
  if (milliseconds !== undefined && Number(milliseconds) !== 0 && /^\d{1,15}(?:\.\d{1,9})?$/.test(milliseconds))
    return bounded(Number(milliseconds));
  const header = headers['retry-after']?.trim();
  if (header) {
    // A number has its own grammar, "1e9" included: as a date it would mean something else.
    const seconds = Number(header);
    const wait = Number.isNaN(seconds) ? Date.parse(header) - nowMs : seconds * 1000;
    if (!Number.isNaN(wait)) return bounded(wait);
  }
  const error = recordOf(recordOf(body)['error']);
  for (const detail of arrayOf(error['details'])) {
    const delay = isRecord(detail) ? textOf(detail['retryDelay']) : undefined;
    const seconds = delay && /^(\d{1,9}(?:\.\d{1,9})?)s$/.exec(delay)?.[1];
    if (seconds) return bounded(Number(seconds) * 1000);
  }
  const spoken = /try again in (?:(\d{1,6})h)?(?:(\d{1,6})m(?!s))?(?:(\d{1,9}(?:\.\d{1,9})?)(ms|s))?/i.exec(message);
  if (!spoken || !(spoken[1] || spoken[2] || spoken[3])) return undefined;
  const [, hours = '0', minutes = '0', amount = '0', unit] = spoken;
  return bounded(Number(hours) * 3_600_000 + Number(minutes) * 60_000 + Number(amount) * (unit === 'ms' ? 1 : 1000));
}

const bounded = (milliseconds: number): number => Math.ceil(Math.min(Math.max(milliseconds, 0), MAX_RETRY_AFTER_MS));
