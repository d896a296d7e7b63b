import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { GatewayError } from '@switchyard/contracts';
import { dialectOf } from '@switchyard/protocols';

/** Who is refused has so long to read it: the end of our half alone would leave the connection, and what waits for its body, open for ever. */
const LINGER_MS = 2_000;

/** Fastify answers what cannot be parsed, and what does not arrive in time, in its own words. */
export function answerBrokenRequests(server: Server): void {
  server.removeAllListeners('clientError');
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    if (!socket.writable || error.code === 'ECONNRESET') return socket.destroy();
    const code = error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 'request_timeout' : 'invalid_request';
    const { status, body } = dialectOf('openai-chat').renderError(new GatewayError(code));
    const json = JSON.stringify(body);
    const head = `HTTP/1.1 ${status} Error\r\nContent-Type: application/json\r\nConnection: close\r\n`;
    socket.end(`${head}Content-Length: ${Buffer.byteLength(json)}\r\n\r\n${json}`);
    const linger = setTimeout(() => socket.destroy(), LINGER_MS);
    socket.once('close', () => clearTimeout(linger));
    return undefined;
  });
}
