import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Busboy } from '@fastify/busboy';
import type { BusboyFileStream } from '@fastify/busboy';
import { GatewayError } from '@switchyard/contracts';
import type { JobFile } from '@switchyard/protocols';
import { setField } from './form-fields.js';

export interface FormLimits {
  /** Of each file. */
  readonly fileBytes: number;
  /** Of the whole request. */
  readonly bodyBytes: number;
}

const MAX_FILES = 18;
const MAX_FIELDS = 64;
const MAX_FIELD_BYTES = 256 * 1024;
const MAX_FIELD_NAME_BYTES = 128;
const MAX_HEADERS = 16;

/** A form: its texts as JSON, its files beside them. */
export class MultipartBody {
  readonly json: Record<string, unknown> = {};
  readonly files: JobFile[] = [];

  /** For fingerprints: files by their digest, not byte by byte. */
  toJSON(): unknown {
    const files = this.files.map(({ bytes, ...file }) => ({
      ...file,
      sha256: createHash('sha256').update(bytes).digest('hex'),
    }));
    return { json: this.json, files };
  }
}

/**
 * Reads a form as it comes in. Nothing is kept of one that is too large, cut or broken.
 * @throws GatewayError `invalid_request`, `payload_too_large`
 */
export async function readMultipart(
  payload: Readable,
  headers: IncomingHttpHeaders,
  limits: FormLimits,
): Promise<MultipartBody> {
  const body = new MultipartBody();
  const parser = parserOf(headers, limits);
  let fault: GatewayError | null = null;
  // The rest of a broken form is read over: whoever sends it hears the refusal.
  const refuse = (error: GatewayError) => (fault ??= error);
  parser.on('field', (name, value, nameTruncated, valueTruncated) => {
    try {
      if (nameTruncated || valueTruncated) throw tooLarge(`a field of at most ${MAX_FIELD_BYTES} bytes`);
      setField(body.json, name, value);
    } catch (error) {
      refuse(error as GatewayError);
    }
  });
  parser.on('file', (name, stream, filename, _encoding, contentType) => {
    collect(stream, (bytes) => {
      if (stream.truncated) refuse(tooLarge(`a file of at most ${limits.fileBytes} bytes`));
      else body.files.push({ field: name.replace(/\[\]$/, ''), filename: filename ?? '', contentType, bytes });
    });
  });
  for (const limit of ['filesLimit', 'fieldsLimit', 'partsLimit'] as const)
    parser.on(limit, () => refuse(tooLarge(`${MAX_FILES} files and ${MAX_FIELDS} fields`)));
  try {
    await pipeline(payload, counted(limits.bodyBytes), parser);
  } catch (cause) {
    if (cause instanceof GatewayError) throw cause;
    throw new GatewayError('invalid_request', { message: 'The form is cut or broken.', cause });
  }
  if (fault) throw fault as GatewayError;
  return body;
}

function parserOf(headers: IncomingHttpHeaders, { fileBytes }: FormLimits) {
  try {
    return new Busboy({
      headers: { ...headers, 'content-type': headers['content-type'] ?? '' },
      limits: {
        fileSize: fileBytes,
        files: MAX_FILES,
        fields: MAX_FIELDS,
        fieldSize: MAX_FIELD_BYTES,
        fieldNameSize: MAX_FIELD_NAME_BYTES,
        headerPairs: MAX_HEADERS,
      },
    });
  } catch (cause) {
    throw new GatewayError('invalid_request', { message: 'The form has no boundary.', cause });
  }
}

function collect(stream: BusboyFileStream, done: (bytes: Buffer) => void): void {
  const pieces: Buffer[] = [];
  stream.on('data', (piece: Buffer) => void pieces.push(piece));
  stream.on('end', () => done(Buffer.concat(pieces)));
  // The pipeline tells of it.
  stream.on('error', () => undefined);
}

/** A body without an announced length is counted as it comes. */
const counted = (mostBytes: number) =>
  async function* (source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    let bytes = 0;
    for await (const piece of source) {
      bytes += piece.byteLength;
      if (bytes > mostBytes) throw new GatewayError('payload_too_large');
      yield piece;
    }
  };

const tooLarge = (most: string): GatewayError =>
  new GatewayError('payload_too_large', { message: `A form may have ${most}.` });
