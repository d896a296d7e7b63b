import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { waitUntil } from './ports.js';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.js';

describe('a network that misbehaves', () => {
  let echo: Server;
  let proxy: TcpProxy;
  const sockets = new Set<Socket>();

  beforeEach(async () => {
    echo = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.pipe(socket);
    });
    echo.listen(0, '127.0.0.1');
    await once(echo, 'listening');
    proxy = await startTcpProxy((echo.address() as AddressInfo).port);
  });
  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
    await proxy.stop();
    echo.close();
  });

  const open = async () => {
    const socket = connect({ port: proxy.port, host: '127.0.0.1' });
    sockets.add(socket);
    const heard = { text: '', closed: false };
    socket.on('data', (bytes: Buffer) => (heard.text += bytes.toString()));
    socket.on('error', () => undefined);
    socket.on('close', () => (heard.closed = true));
    // A refused connection is seen by what it heard: nothing, and the end.
    await once(socket, 'connect').catch(() => undefined);
    return { socket, heard };
  };

  it('carries bytes both ways and in order while the weather is good', async () => {
    const { socket, heard } = await open();
    for (let part = 0; part < 100; part += 1) socket.write(`${part},`);
    const all = Array.from({ length: 100 }, (_, part) => `${part},`).join('');
    await waitUntil(() => heard.text === all, { what: 'the echo' });
    expect(proxy.connections).toBe(1);
    expect(proxy.through('nats://user:secret@10.0.0.1:4222')).toContain(`user:secret@127.0.0.1:${proxy.port}`);
  });

  it('makes every byte late, and keeps the order', async () => {
    const { socket, heard } = await open();
    proxy.latency(100);
    const startedMs = performance.now();
    socket.write('one ');
    socket.write('two');
    await waitUntil(() => heard.text === 'one two', { what: 'the late echo' });
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(190);
  });

  it('throttles to the bytes per second that were asked for', async () => {
    const { socket, heard } = await open();
    proxy.throttle(10_000);
    const startedMs = performance.now();
    socket.write('x'.repeat(2_000));
    await waitUntil(() => heard.text.length === 2_000, { what: 'the slow echo' });
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(190);
  });

  it('swallows everything without closing, and cuts what was swallowed when it heals', async () => {
    const { socket, heard } = await open();
    proxy.swallow();
    socket.write('lost');
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(heard).toEqual({ text: '', closed: false });
    proxy.heal();
    await waitUntil(() => heard.closed, { what: 'the cut' });
    const later = await open();
    later.socket.write('here');
    await waitUntil(() => later.heard.text === 'here', { what: 'the new connection' });
  });

  it('forgets what is open without a word, and lets new connections through', async () => {
    const first = await open();
    proxy.forget();
    first.socket.write('lost');
    const second = await open();
    second.socket.write('here');
    await waitUntil(() => second.heard.text === 'here', { what: 'the new connection' });
    expect(first.heard).toEqual({ text: '', closed: false });
  });

  it('cuts what is open and refuses what is new until it heals', async () => {
    const first = await open();
    proxy.refuse();
    await waitUntil(() => first.heard.closed, { what: 'the cut' });
    const second = await open();
    await waitUntil(() => second.heard.closed, { what: 'the refusal' });
    proxy.heal();
    const third = await open();
    third.socket.write('again');
    await waitUntil(() => third.heard.text === 'again', { what: 'the good network' });
  });
});
