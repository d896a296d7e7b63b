import type { IncomingMessage } from 'node:http';
import { GatewayError } from '@switchyard/contracts';

type Head = Pick<IncomingMessage, 'headers'>;

export const announcedBytes = ({ headers }: Head): number | null =>
  headers['content-length'] === undefined ? null : Number(headers['content-length']);

/** HTTP/1.1: a request has a body when it announces its length or its chunks. */
export const hasBody = (request: Head): boolean =>
  request.headers['transfer-encoding'] !== undefined || (announcedBytes(request) ?? 0) > 0;

const JSON_TYPE = /^application\/json\s*(?:;|$)/i;

/** @throws GatewayError `unsupported_media_type`, before a byte of the body is read. */
export function assertJsonBody({ headers }: Head): void {
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity')
    throw new GatewayError('unsupported_media_type', { message: 'Send the body without compression.' });
  if (!JSON_TYPE.test(headers['content-type'] ?? '')) throw new GatewayError('unsupported_media_type');
}
