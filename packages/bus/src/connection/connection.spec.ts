import { connect } from '@nats-io/transport-node';
import { freePort, startNatsServer, type TestNats } from '@switchyard/testing';
import { connect as dial, createServer, type AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection, ConnectionLostError } from './connection.js';
import { connectionOptions, describeServers } from './options.js';
import { assertServerVersion } from './version.js';

describe('connectionOptions', () => {
  it('reconnects for ever, notices a dead broker in ten seconds, and receives below its own prefix', () => {
    expect(connectionOptions({ servers: 'nats://a:4222, nats://b:4222', name: 'edge' }, 'control')).toMatchObject({
      servers: ['a:4222', 'b:4222'],
      name: 'edge:control',
      inboxPrefix: '_INBOX.edge',
      maxReconnectAttempts: -1,
      reconnectTimeWait: 250,
      reconnectJitter: 250,
      pingInterval: 5_000,
      maxPingOut: 2,
    });
  });

  it('takes credentials out of the address', () => {
    const options = connectionOptions({ servers: 'nats://ed%40ge:p%3Aw@host:4222', name: 'edge' }, 'x');
    expect(options).toMatchObject({ servers: ['host:4222'], user: 'ed@ge', pass: 'p:w' });
    expect(describeServers('nats://edge:secret@host:4222')).toBe('nats://host:4222');
  });

  it('uses an nkey seed alone before the host', () => {
    const seed = `SU${'A'.repeat(56)}`;
    const options = connectionOptions({ servers: `nats://${seed}@host:4222`, name: 'edge' }, 'x');
    expect(options.user).toBeUndefined();
    expect(typeof options.authenticator).toBe('function');
  });

  it('encrypts where the address says so', () => {
    expect(connectionOptions({ servers: 'tls://host:4222', name: 'edge' }, 'x').tls).toEqual({});
    expect(connectionOptions({ servers: 'nats://host:4222', name: 'edge' }, 'x').tls).toBeUndefined();
  });

  it.each(['http://host:4222', 'nats://', 'a b', ''])('refuses the address %j', (servers) => {
    expect(() => connectionOptions({ servers, name: 'edge' }, 'x')).toThrow(/NATS/);
  });
});

describe('assertServerVersion', () => {
  it.each(['2.10.0', '2.10.27', '2.15.1', '3.0.0', '2.11.0-RC.1'])('takes %s', (version) => {
    expect(() => assertServerVersion(version)).not.toThrow();
  });

  it.each(['2.9.10', '1.99.0', '', undefined])('refuses %s', (version) => {
    expect(() => assertServerVersion(version)).toThrow('2.10 or newer is needed');
  });
});

describe('Connection', () => {
  let nats: TestNats;

  beforeAll(async () => {
    nats = await startNatsServer();
  }, 60_000);
  afterAll(() => nats.stop());

  it('waits for a broker that is only just starting', async () => {
    const port = await freePort();
    const opening = Connection.open({ servers: `nats://127.0.0.1:${port}`, name: 'early' }, 'control');
    await sleep(700);
    const late = await startNatsServer({ port });
    const connection = await opening;
    expect(connection.connected).toBe(true);
    await connection.close();
    expect(connection.connected).toBe(false);
    await late.stop();
  }, 30_000);

  it('says in one line which broker does not answer, without the password', async () => {
    const port = await freePort();
    const servers = `nats://edge:secret@127.0.0.1:${port}`;
    const error = await Connection.open({ servers, name: 'edge', connectTimeoutMs: 100 }, 'x').catch((e: unknown) => e);
    expect((error as Error).message).toMatch(
      new RegExp(`^cannot connect to NATS at nats://127.0.0.1:${port}: .*Is nats-server running\\?$`),
    );
    expect((error as Error).message).not.toContain('secret');
  });

  it('gives up at once when the broker refuses the credentials', async () => {
    const guarded = await startNatsServer({ credentials: { user: 'edge', password: 'right' } });
    try {
      const wrong = guarded.url.replace('right', 'wrong');
      await expect(Connection.open({ servers: wrong, name: 'edge' }, 'x')).rejects.toThrow(
        /refuses the credentials of edge/,
      );
      const connection = await Connection.open({ servers: guarded.url, name: 'edge' }, 'x');
      await connection.close();
    } finally {
      await guarded.stop();
    }
  }, 30_000);

  it('tries again when its credentials came too late for the broker', async () => {
    const guarded = await startNatsServer({ credentials: { user: 'edge', password: 'right' } });
    let dials = 0;
    // The first connection is one on which the broker waits in vain for what the client says.
    const slow = createServer((client) => {
      const broker = dial(guarded.port, '127.0.0.1');
      broker.pipe(client).on('error', () => broker.destroy());
      if (dials++ > 0) client.pipe(broker);
      broker.on('error', () => client.destroy());
    });
    await new Promise<void>((resolve) => void slow.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = slow.address() as AddressInfo;
      const connection = await Connection.open({ servers: `nats://edge:right@127.0.0.1:${port}`, name: 'edge' }, 'x');
      expect(connection.connected).toBe(true);
      expect(dials).toBe(2);
      await connection.close();
    } finally {
      slow.close();
      await guarded.stop();
    }
  }, 30_000);

  it('comes back after an outage that is longer than the library’s own patience', async () => {
    const connection = await Connection.open({ servers: nats.url, name: 'edge' }, 'control');
    const changes: string[] = [];
    connection.onStatus((status) => changes.push(status));
    const received: string[] = [];
    connection.nats.subscribe('after', { callback: (_error, message) => void received.push(message.string()) });
    await nats.kill9();
    // Eleven tries of the library’s default would be over by now with our wait between them.
    await sleep(6_000);
    expect(connection.connected).toBe(false);
    await nats.start();
    await expect(connection.whenConnected(10_000)).resolves.toBe(true);
    expect(changes).toEqual(['disconnected', 'connected']);
    const other = await connect({ servers: nats.url });
    other.publish('after', 'hello');
    await other.drain();
    await connection.nats.flush();
    expect(received).toEqual(['hello']);
    await connection.close();
    expect(changes.at(-1)).toBe('closed');
  }, 40_000);

  it('lets nobody wait for a reply that cannot come any more', async () => {
    const connection = await Connection.open({ servers: nats.url, name: 'edge' }, 'control');
    const waiting = connection.guard(new Promise(() => {})).catch((error: unknown) => error);
    await nats.kill9();
    expect(await waiting).toBeInstanceOf(ConnectionLostError);
    await nats.start();
    await connection.close();
  }, 30_000);
});
