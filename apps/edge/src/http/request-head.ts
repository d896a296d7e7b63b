import type { IncomingMessage } from 'node:http';
import { GatewayError } from '@switchyard/contracts';

type Head = Pick<IncomingMessage, 'headers'>;

export const announcedBytes = ({ headers }: Head): number | null =>
  headers['content-length'] === undefined ? null : Number(headers['content-length']);

/** HTTP/1.1: a request has a body when it announces its length or its chunks. */
export const hasBody = (request: Head): boolean =>
  request.headers['transfer-encoding'] !== undefined || (announcedBytes(request) ?? 0) > 0;

const JSON_TYPE = /^application\/json\s*(?:;|$)/i;
const FORM_TYPE = /^multipart\/form-data\s*;/i;

/** @throws GatewayError `unsupported_media_type`, before a byte of the body is read. */
export function assertBodyType({ headers }: Head, { form }: { readonly form: boolean }): void {
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity')
    throw new GatewayError('unsupported_media_type', { message: 'Send the body without compression.' });
  const type = headers['content-type'] ?? '';
  if (JSON_TYPE.test(type) || (form && FORM_TYPE.test(type))) return;
  throw new GatewayError('unsupported_media_type', {
    ...(form && { message: 'Send the body as application/json or as multipart/form-data.' }),
  });
}
