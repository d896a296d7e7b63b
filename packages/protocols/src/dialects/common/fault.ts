import { GatewayError } from '@switchyard/contracts';
import type { z } from 'zod';
import { isRecord } from '../../json.js';
import type { JsonRecord } from '../../json.js';
import { describeIssue } from './issue-message.js';

/** `invalid_request` that names the place of the fault; `path` may be empty. */
export const invalid = (path: string, message: string): GatewayError =>
  new GatewayError('invalid_request', { message, ...(path && { metadata: { path } }) });

/** The body as an object of this form. @throws GatewayError `invalid_request` that names the first fault */
export function parseBody<Schema extends z.ZodType>(
  schema: Schema,
  body: unknown,
): { readonly request: z.output<Schema>; readonly body: JsonRecord } {
  if (!isRecord(body)) throw invalid('', 'body: expected a JSON object');
  const result = schema.safeParse(body);
  if (result.success) return { request: result.data, body };
  const { path, message } = describeIssue(result.error);
  throw invalid(path, message);
}

/** The fields of a body that nobody here knows, without nulls. */
export const unknownFields = (body: JsonRecord, known: ReadonlySet<string>): JsonRecord =>
  Object.fromEntries(Object.entries(body).filter(([key, value]) => !known.has(key) && value !== null));
