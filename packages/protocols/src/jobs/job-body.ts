import { Buffer } from 'node:buffer';
import { GatewayError } from '@switchyard/contracts';
import { arrayOf, countOf, recordOf, textOf } from '../json.js';

/** A file of a job, as it came in a form. */
export interface JobFile {
  /** Name of its field, without `[]`. */
  readonly field: string;
  readonly filename: string;
  readonly contentType: string;
  readonly bytes: Uint8Array;
}

/** What a client sent: JSON, or a form whose texts were made into JSON and whose files lie beside it. */
export interface JobBody {
  readonly json: unknown;
  readonly files: readonly JobFile[];
}

/** JSON never begins with this byte, so that a body without files is plain JSON on the bus, as it always was. */
const PACKED = 0x01;
const HEAD_BYTES = 5;

/** The bytes of a body on the way to a worker: plain JSON, or with files a head that describes them and then their bytes as they are. */
export function packJobBody({ json, files }: JobBody): Uint8Array {
  if (files.length === 0) return Buffer.from(JSON.stringify(json));
  const described = files.map(({ bytes, ...file }) => ({ ...file, length: bytes.byteLength }));
  const text = Buffer.from(JSON.stringify({ json, files: described }));
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt8(PACKED, 0);
  head.writeUInt32BE(text.byteLength, 1);
  return Buffer.concat([head, text, ...files.map(({ bytes }) => bytes)]);
}

/** Reads what {@link packJobBody} wrote; the files are views into the bytes. @throws GatewayError `invalid_json` */
export function unpackJobBody(bytes: Uint8Array): JobBody {
  const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (body[0] !== PACKED) return { json: jsonOf(body), files: [] };
  if (body.byteLength < HEAD_BYTES) throw new GatewayError('invalid_json');
  let position = HEAD_BYTES + body.readUInt32BE(1);
  const described = recordOf(jsonOf(body.subarray(HEAD_BYTES, position)));
  const files = arrayOf(described['files']).map((each) => {
    const { field, filename, contentType, length } = recordOf(each);
    const start = position;
    position += countOf(length) ?? 0;
    return {
      field: textOf(field) ?? '',
      filename: textOf(filename) ?? '',
      contentType: textOf(contentType) ?? '',
      bytes: body.subarray(start, position),
    };
  });
  if (position !== body.byteLength) throw new GatewayError('invalid_json');
  return { json: described['json'], files };
}

function jsonOf(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8')) as unknown;
  } catch (cause) {
    throw new GatewayError('invalid_json', { cause });
  }
}
