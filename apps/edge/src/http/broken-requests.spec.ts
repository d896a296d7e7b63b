import { once } from 'node:events';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { waitUntil } from '@switchyard/testing';
import { answerBrokenRequests } from './broken-requests.js';

describe('a request that cannot be read to its end', () => {
  let server: Server;
  let client: Socket;
  let said = '';
  let abandoned = 0;

  beforeAll(async () => {
    server = createServer({ headersTimeout: 200, requestTimeout: 400, connectionsCheckingInterval: 100 }, (request) => {
      request.on('error', () => undefined).on('close', () => (abandoned += 1));
      request.resume();
    });
    answerBrokenRequests(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  beforeEach(() => {
    said = '';
    abandoned = 0;
    // Never ends its own half, whatever the server does.
    client = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', allowHalfOpen: true });
    client.on('data', (bytes: Buffer) => (said += bytes.toString())).on('error', () => undefined);
  });
  afterEach(() => client.destroy());
  afterAll(() => server.close());

  const connections = () =>
    new Promise<number>((resolve, reject) =>
      server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
    );

  it.each([
    ['is no HTTP', 'GARBAGE\r\n\r\n', '400', 'invalid_request'],
    ['has no end of its head', 'POST / HTTP/1.1\r\nhost: x\r\n', '408', 'request_timeout'],
    ['has no end of its body', 'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nhalf', '408', 'request_timeout'],
  ])(
    'and %s is refused, and its connection is not kept for a client that does not leave',
    async (_, bytes, status, code) => {
      client.write(bytes);
      await waitUntil(() => said.includes(code), { what: 'the refusal', timeoutMs: 10_000 });
      expect(said).toContain(`HTTP/1.1 ${status} `);
      await waitUntil(async () => (await connections()) === 0, {
        what: 'the end of the connection',
        timeoutMs: 20_000,
      });
      // Whoever reads the body is told as well.
      const wanted = bytes.includes('half') ? 1 : 0;
      await waitUntil(() => abandoned === wanted, { what: 'the end of the body' });
    },
    40_000,
  );
});
