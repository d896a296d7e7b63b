import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { crc32 } from 'node:zlib';
import { expectedSignature, signatureOf } from './aws-signature.js';
import type { SignedRequest } from './aws-signature.js';

/** One message of a binary event stream, as AWS's documentation draws it. */
export function messageOf(headers: Readonly<Record<string, string>>, payload: unknown): Buffer {
  const named = Object.entries({ ':content-type': 'application/json', ...headers }).map(([name, value]) => {
    const [key, text] = [Buffer.from(name), Buffer.from(value)];
    return Buffer.concat([Buffer.of(key.length), key, Buffer.of(7, text.length >> 8, text.length & 255), text]);
  });
  const [head, body] = [Buffer.concat(named), Buffer.from(JSON.stringify(payload))];
  const prelude = Buffer.alloc(12);
  prelude.writeUInt32BE(head.length + body.length + 16, 0);
  prelude.writeUInt32BE(head.length, 4);
  prelude.writeUInt32BE(crc32(prelude.subarray(0, 8)), 8);
  const message = Buffer.concat([prelude, head, body]);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(message));
  return Buffer.concat([message, checksum]);
}

export const eventOf = (type: string, payload: unknown): Buffer =>
  messageOf({ ':message-type': 'event', ':event-type': type }, payload);

export interface BedrockCredentials {
  readonly secretAccessKey: string;
  readonly bearer: string;
}

/** How it answers whom it knows. */
export type Answer = (response: ServerResponse, request: SignedRequest) => void;

/** A server that lets in whoever has the bearer key or the right signature, as Bedrock does, and nobody else. */
export class FakeBedrock {
  private constructor(
    private readonly server: Server,
    readonly url: string,
    /** All that came, let in or not. */
    readonly requests: readonly SignedRequest[],
  ) {}

  static async start(credentials: BedrockCredentials, answer: Answer): Promise<FakeBedrock> {
    const requests: SignedRequest[] = [];
    const server = createServer((incoming, response) => {
      void readRequest(incoming).then((request) => {
        requests.push(request);
        if (isKnown(request, credentials)) return answer(response, request);
        const type = 'InvalidSignatureException:http://internal.amazon.com/coral/com.amazon.coral.service/';
        response.writeHead(403, { 'content-type': 'application/json', 'x-amzn-errortype': type });
        // The real one repeats what it was sent, credentials included.
        return response.end(
          JSON.stringify({ message: `The signature does not match: ${JSON.stringify(request.headers)}` }),
        );
      });
    });
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    return new FakeBedrock(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests);
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

async function readRequest(incoming: IncomingMessage): Promise<SignedRequest> {
  const pieces: Buffer[] = [];
  for await (const piece of incoming) pieces.push(piece as Buffer);
  const { method = '', url = '', headers } = incoming;
  return { method, target: url, headers, body: Buffer.concat(pieces).toString('utf8') };
}

function isKnown(request: SignedRequest, { bearer, secretAccessKey }: BedrockCredentials): boolean {
  if (request.headers['authorization'] === `Bearer ${bearer}`) return true;
  const signature = signatureOf(request);
  return signature !== '' && signature === expectedSignature(request, secretAccessKey);
}
