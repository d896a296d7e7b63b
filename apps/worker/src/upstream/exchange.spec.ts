import { once } from 'node:events';
import { createServer } from 'node:http';
import type { RequestListener, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Pool } from 'undici';
import { CallCancelled, Deadlines } from './deadlines.js';
import { Exchange } from './exchange.js';

const TIMEOUTS = { connectMs: 60_000, firstByteMs: 60_000, idleMs: 60_000, totalMs: 60_000 };

describe('an exchange with a provider', () => {
  let server: Server;
  let pool: Pool;
  let answer: RequestListener;
  let connections = 0;
  const opened: Deadlines[] = [];

  beforeAll(async () => {
    server = createServer((request, response) => answer(request, response)).listen(0, '127.0.0.1');
    server.on('connection', () => (connections += 1));
    await once(server, 'listening');
    pool = new Pool(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, { connections: 1 });
  });
  afterEach(() => opened.splice(0).forEach((deadlines) => deadlines.clear()));
  afterAll(async () => {
    await pool.destroy();
    server.closeAllConnections();
    server.close();
  });

  function ask(): { exchange: Exchange; deadlines: Deadlines } {
    const deadlines = new Deadlines(TIMEOUTS);
    opened.push(deadlines);
    const exchange = new Exchange(deadlines);
    pool.dispatch({ method: 'POST', path: '/', body: '{}' }, exchange);
    return { exchange, deadlines };
  }

  /** Takes until the body is over. */
  async function rest(exchange: Exchange): Promise<string> {
    let text = '';
    for (;;) {
      const bytes = exchange.take();
      if (bytes === null) return text;
      if (bytes) text += Buffer.from(bytes).toString();
      else await exchange.arrival();
    }
  }

  /** What the server answers with, once it was asked. */
  function answering(): Promise<ServerResponse> {
    return new Promise((resolve) => (answer = (_request, response) => resolve(response)));
  }

  it('gives the head, all that has come at once, and the end', async () => {
    answer = (_request, response) => {
      response.writeHead(201, { 'content-type': 'text/plain' });
      response.write('one ');
      response.write('two ');
      response.end('three');
    };
    const { exchange } = ask();
    expect(await exchange.head).toMatchObject({ status: 201, headers: { 'content-type': 'text/plain' } });
    expect(await rest(exchange)).toBe('one two three');
    expect(exchange.take()).toBeNull();
  });

  it('gives what came before the connection broke, and then why', async () => {
    const asked = answering();
    const { exchange } = ask();
    const response = await asked;
    response.write('half');
    await exchange.head;
    while (exchange.take() === undefined) await exchange.arrival();
    response.destroy();
    await expect(rest(exchange)).rejects.toMatchObject({ code: 'UND_ERR_SOCKET' });
  });

  it('closes the connection when the call is ended, before the head and behind it', async () => {
    const reason = new CallCancelled('client_closed');
    for (const speaks of [false, true]) {
      const asked = answering();
      const { exchange, deadlines } = ask();
      const response = await asked;
      if (speaks) {
        response.write('half');
        await exchange.head;
      }
      const closed = once(response, 'close');
      deadlines.abort(reason);
      await closed;
      if (!speaks) await expect(exchange.head).rejects.toBe(reason);
      expect(() => exchange.take()).toThrow(reason);
    }
  });

  it('is not sent when the call ends while it waits for a connection', async () => {
    const asked = answering();
    const first = ask();
    const response = await asked;
    let served = 0;
    answer = (_request, other) => {
      served += 1;
      other.end('ok');
    };
    const waiting = ask();
    waiting.deadlines.abort(new CallCancelled('client_closed'));
    const last = ask();
    response.end();
    await rest(first.exchange);
    expect(await rest(last.exchange)).toBe('ok');
    expect(served).toBe(1);
    await expect(waiting.exchange.head).rejects.toThrow('cancelled');
  });

  it('leaves in the socket what nobody takes', () => {
    const deadlines = new Deadlines(TIMEOUTS);
    opened.push(deadlines);
    const exchange = new Exchange(deadlines);
    let paused = false;
    const controller = {
      aborted: false,
      paused: false,
      reason: null,
      abort: () => undefined,
      pause: () => void (paused = true),
      resume: () => void (paused = false),
    };
    exchange.onRequestStart(controller);
    exchange.onResponseStart(controller, 200, {});
    exchange.onResponseData(controller, Buffer.alloc(60_000));
    expect(paused).toBe(false);
    exchange.onResponseData(controller, Buffer.alloc(60_000));
    expect(paused).toBe(true);
    expect(exchange.take()).toHaveLength(120_000);
    expect(paused).toBe(false);
  });

  it('gives all of an answer that is taken slowly', async () => {
    const all = 16 * 1024 * 1024;
    answer = (_request, response) => void response.end(Buffer.alloc(all, 'x'));
    const { exchange } = ask();
    let taken = 0;
    for (let bytes = exchange.take(); bytes !== null; bytes = exchange.take()) {
      if (bytes) taken += bytes.length;
      else await exchange.arrival();
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(taken).toBe(all);
  });

  it('lets the connection serve again when the rest is read for nobody, and closes it when that is too much', async () => {
    answer = (_request, response) => void response.end('x'.repeat(1_000));
    await rest(ask().exchange);
    const before = connections;
    const drained = ask().exchange;
    await drained.head;
    drained.drain(64 * 1024, 60_000);
    expect(await rest(ask().exchange)).toHaveLength(1_000);
    expect(connections).toBe(before);

    const asked = answering();
    const { exchange } = ask();
    const response = await asked;
    const closed = once(response, 'close');
    response.write('x'.repeat(100));
    await exchange.head;
    exchange.drain(200, 60_000);
    response.write('x'.repeat(200));
    await closed;
    expect(() => exchange.take()).toThrow('nothing more of it is wanted');
  });
});
