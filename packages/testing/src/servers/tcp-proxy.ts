import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { Transform } from 'node:stream';

/** A piece of network between two processes that can be made to misbehave. */
export interface TcpProxy {
  /** Where to connect instead of the target, on loopback. */
  readonly port: number;
  /** Connections that are open now. */
  readonly connections: number;
  /** The target's address with the host and port of the proxy. */
  through(url: string): string;
  /** Every chunk takes this much longer, in both directions. */
  latency(ms: number): void;
  /** At most so many bytes a second per connection and direction; null for no limit. */
  throttle(bytesPerSecond: number | null): void;
  /**
   * Half open: connections stay and take what is sent, and nothing arrives any more, in either direction. What was swallowed is
   * lost for good, so {@link heal} also cuts those connections, as a firewall that forgot them would when it is asked again.
   */
  swallow(): void;
  /** Half open for good what is open now; new connections are let through: a firewall that has forgotten what it knew. */
  forget(): void;
  /** Cuts every open connection with a TCP reset. New ones are let through. */
  cut(): void;
  /** Cuts everything and refuses new connections until {@link heal}. */
  refuse(): void;
  /** Back to a good network. */
  heal(): void;
  stop(): Promise<void>;
}

interface Weather {
  latencyMs: number;
  bytesPerSecond: number | null;
  swallowing: boolean;
  refusing: boolean;
}

/** Hands chunks on, late and slowly as the weather says, in order. */
function throughWeather(weather: Weather, isForgotten: () => boolean): Transform {
  const swallows = () => weather.swallowing || isForgotten();
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      if (swallows()) return done();
      const sendingMs = weather.bytesPerSecond === null ? 0 : (chunk.length * 1_000) / weather.bytesPerSecond;
      const waitMs = weather.latencyMs + sendingMs;
      if (waitMs === 0) return done(null, chunk);
      // It may have begun to swallow meanwhile: what is under way is lost, too.
      setTimeout(() => (swallows() ? done() : done(null, chunk)), waitMs);
    },
  });
}

class Link {
  swallowed = false;
  forgotten = false;

  constructor(
    private readonly near: Socket,
    private readonly far: Socket,
    weather: Weather,
    onOver: () => void,
  ) {
    for (const socket of [near, far]) {
      socket.setNoDelay(true);
      socket.on('error', () => this.cut());
      socket.once('close', () => {
        this.cut();
        onOver();
      });
    }
    const isForgotten = () => this.forgotten;
    near.pipe(throughWeather(weather, isForgotten)).pipe(far);
    far.pipe(throughWeather(weather, isForgotten)).pipe(near);
  }

  cut(): void {
    for (const socket of [this.near, this.far]) if (!socket.destroyed) socket.resetAndDestroy();
  }
}

/** Starts a proxy in front of a TCP server on loopback. */
export async function startTcpProxy(targetPort: number, host = '127.0.0.1'): Promise<TcpProxy> {
  const weather: Weather = { latencyMs: 0, bytesPerSecond: null, swallowing: false, refusing: false };
  const links = new Set<Link>();
  const server: Server = createServer((near) => {
    if (weather.refusing) {
      near.resetAndDestroy();
      return;
    }
    const link = new Link(near, connect({ port: targetPort, host }), weather, () => links.delete(link));
    links.add(link);
    link.swallowed = weather.swallowing;
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  const cut = () => links.forEach((link) => link.cut());
  return {
    port,
    get connections() {
      return links.size;
    },
    through(address) {
      const url = new URL(address);
      url.host = `${host}:${port}`;
      return url.href;
    },
    latency: (ms) => void (weather.latencyMs = ms),
    throttle: (bytesPerSecond) => void (weather.bytesPerSecond = bytesPerSecond),
    swallow() {
      weather.swallowing = true;
      for (const link of links) link.swallowed = true;
    },
    forget() {
      for (const link of links) link.forgotten = true;
    },
    cut,
    refuse() {
      weather.refusing = true;
      cut();
    },
    heal() {
      Object.assign(weather, { latencyMs: 0, bytesPerSecond: null, swallowing: false, refusing: false });
      for (const link of links) if (link.swallowed || link.forgotten) link.cut();
    },
    async stop() {
      cut();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
