import { Buffer } from 'node:buffer';
import { GatewayError } from '@switchyard/contracts';
import type { JobId, Price } from '@switchyard/contracts';
import { parseJob } from '../jobs/index.js';
import type { JobBody } from '../jobs/job-body.js';
import { endpointOf } from './builders.js';

export const perPiece: Price = {
  version: 'v1',
  prompt: 0n,
  completion: 0n,
  character: 1n,
  second: 1n,
  outputImage: 1n,
};
export const perToken: Price = { version: 'v1', prompt: 1n, completion: 1n };
export const bodyOf = (json: object, files: JobBody['files'] = []): JobBody => ({
  json: { model: 'a/m', ...json },
  files,
});
export const endpoint = endpointOf({ upstreamModel: 'up', price: perToken });

/** Code and place of what is wrong with a body; "no fault" for a good one. */
export const faultOf = (job: JobId, body: JobBody): string => {
  try {
    parseJob(job, body);
  } catch (error) {
    if (error instanceof GatewayError)
      return `${error.code} ${String(error.metadata['path'] ?? error.metadata['parameters'])}`;
  }
  return 'no fault';
};

/** A WAV file of so many seconds: 8,000 bytes each. */
export function wav(seconds: number): Buffer {
  const head = Buffer.alloc(44);
  head.write('RIFF', 0, 'latin1');
  head.writeUInt32LE(36 + seconds * 8_000, 4);
  head.write('WAVEfmt ', 8, 'latin1');
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(8_000, 24);
  head.writeUInt32LE(8_000, 28);
  head.writeUInt16LE(1, 32);
  head.writeUInt16LE(8, 34);
  head.write('data', 36, 'latin1');
  head.writeUInt32LE(seconds * 8_000, 40);
  return Buffer.concat([head, Buffer.alloc(seconds * 8_000)]);
}
export const recording = { field: 'file', filename: 'Meeting with Ada.wav', contentType: 'audio/wav', bytes: wav(3) };
export const png = Buffer.from('iVBORw0KGgoAAAANSUhEUg==', 'base64');
