import { connect, type Socket } from 'node:net';

/** A client that asks for a stream and never reads a byte of it. */
export function askDeafly(edgeUrl: string, key: string, label: string, body: object): Socket {
  const text = JSON.stringify(body);
  const socket = connect({ port: Number(new URL(edgeUrl).port), host: '127.0.0.1' });
  // Paused before it has anything: the bytes pile up where the system keeps them, and then at the sender.
  socket.pause();
  socket.on('error', () => undefined);
  socket.write(
    [
      'POST /api/v1/chat/completions HTTP/1.1',
      'host: 127.0.0.1',
      `authorization: Bearer ${key}`,
      'content-type: application/json',
      `content-length: ${Buffer.byteLength(text)}`,
      `x-title: ${label}`,
      '',
      text,
    ].join('\r\n'),
  );
  return socket;
}
