import { isRecord } from '../../json.js';
import type { JsonRecord } from '../../json.js';

/**
 * Google's servers take field names of the API in both spellings, `maxOutputTokens` and `max_output_tokens`; one level, because
 * below arguments and schemas the names are the caller's own.
 */
export const camelKeys = (value: unknown): unknown => (isRecord(value) ? camelRecord(value) : value);

const camelRecord = (record: JsonRecord): JsonRecord =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [camel(key), value]));

const camel = (key: string): string => key.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
