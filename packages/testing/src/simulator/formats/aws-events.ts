import { crc32 } from 'node:zlib';

const STRING = 7;

/** A message of AWS's binary event streams (smithy.io/2.0/aws/amazon-eventstream.html): lengths, headers, payload, checksums. */
export function awsEvent(headers: Readonly<Record<string, string>>, payload: string): Buffer {
  const named = Buffer.concat(Object.entries(headers).map(([name, value]) => headerOf(name, value)));
  const body = Buffer.from(payload);
  const prelude = Buffer.alloc(8);
  prelude.writeUInt32BE(16 + named.length + body.length, 0);
  prelude.writeUInt32BE(named.length, 4);
  const signed = Buffer.concat([prelude, checksum(prelude), named, body]);
  return Buffer.concat([signed, checksum(signed)]);
}

/** An ordinary event of Bedrock's. */
export const eventOf = (type: string, payload: string): Buffer =>
  awsEvent({ ':event-type': type, ':content-type': 'application/json', ':message-type': 'event' }, payload);

/** What Bedrock throws in the middle of a stream. */
export const exceptionOf = (type: string, message: string): Buffer =>
  awsEvent(
    { ':exception-type': type, ':content-type': 'application/json', ':message-type': 'exception' },
    JSON.stringify({ message }),
  );

function headerOf(name: string, value: string): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(Buffer.byteLength(value));
  return Buffer.concat([
    Buffer.of(Buffer.byteLength(name)),
    Buffer.from(name),
    Buffer.of(STRING),
    length,
    Buffer.from(value),
  ]);
}

function checksum(bytes: Buffer): Buffer {
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(bytes));
  return sum;
}

/** Names of AWS's exceptions by status, as its errors and streams carry them. */
const EXCEPTIONS: Readonly<Record<number, string>> = {
  400: 'ValidationException',
  401: 'UnrecognizedClientException',
  403: 'AccessDeniedException',
  404: 'ResourceNotFoundException',
  429: 'ThrottlingException',
  503: 'ServiceUnavailableException',
};

/** The body of an HTTP error of AWS. */
export const awsError = (status: number, message: string): object => ({
  __type: EXCEPTIONS[status] ?? 'InternalServerException',
  message,
});

/** Model and method of an address of Bedrock's: `/model/{id}/converse-stream`. */
export function bedrockAddress(address: string): { readonly model: string; readonly method: string } {
  const [, model = '', method = ''] = /\/model\/([^/]+)\/([a-z-]+)/.exec(address) ?? [];
  return { model: decodeURIComponent(model), method };
}
