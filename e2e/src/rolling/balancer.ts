import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** How often each target is asked whether it is ready: as a load balancer does, only faster. */
const CHECK_MS = 100;
const CHECK_TIMEOUT_MS = 2_000;

/** A plain TCP load balancer: it knows nothing of HTTP, and cuts nothing. */
export interface Balancer {
  readonly url: string;
  /** New connections that each target got, in the order of the targets. */
  readonly given: readonly number[];
  stop(): Promise<void>;
}

/** Starts one on loopback: connections go round the targets whose `/readyz` says 200; what is open stays where it is. */
export async function startBalancer(targets: readonly string[]): Promise<Balancer> {
  const ready = new Set(targets);
  const given = targets.map(() => 0);
  const sockets = new Set<Socket>();
  let turn = 0;

  const check = async (target: string) => {
    const well = await fetch(`${target}/readyz`, { signal: AbortSignal.timeout(CHECK_TIMEOUT_MS) }).then(
      ({ ok }) => ok,
      () => false,
    );
    if (well) ready.add(target);
    else ready.delete(target);
  };
  const checks = targets.map((target) => {
    let busy = false;
    return setInterval(() => {
      if (busy) return;
      busy = true;
      void check(target).finally(() => (busy = false));
    }, CHECK_MS);
  });

  const next = (): string | null => {
    for (let tries = 0; tries < targets.length; tries += 1) {
      const target = targets[turn++ % targets.length];
      if (target !== undefined && ready.has(target)) return target;
    }
    return null;
  };
  const server: Server = createServer({ allowHalfOpen: true }, (near) => {
    const target = next();
    if (target === null) {
      near.resetAndDestroy();
      return;
    }
    given[targets.indexOf(target)]! += 1;
    const far = connect({ port: Number(new URL(target).port), host: '127.0.0.1', allowHalfOpen: true });
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => other.destroy());
      socket.once('close', () => sockets.delete(socket));
      socket.pipe(other);
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    given,
    async stop() {
      for (const timer of checks) clearInterval(timer);
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
