import type { Client, Exchange } from './client.js';

export interface Load {
  readonly exchanges: readonly Exchange[];
  readonly seconds: number;
}

/** A closed loop: `lanes` clients, each of which sends its next request when it has its answer, until `total` were sent. */
export async function closedLoop(client: Client, lanes: number, total: number): Promise<Load> {
  const exchanges: Exchange[] = [];
  let left = total;
  const startedAt = performance.now();
  const lane = async () => {
    while (left > 0) {
      left -= 1;
      exchanges.push(await client.send());
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return { exchanges, seconds: (performance.now() - startedAt) / 1_000 };
}

/**
 * An open loop: so many requests in every second, whether or not the others have come back, as callers that know nothing of each
 * other do it. Latencies count from when a request should have been sent, so that a generator that is held up does not flatter.
 */
export async function openLoop(client: Client, perSecond: number, seconds: number): Promise<Load> {
  const total = Math.round(perSecond * seconds);
  const sent: Promise<Exchange>[] = [];
  const startedAt = performance.now();
  while (sent.length < total) {
    const due = Math.min(total, Math.ceil(((performance.now() - startedAt) * perSecond) / 1_000));
    while (sent.length < due) {
      const lateMs = performance.now() - startedAt - (sent.length * 1_000) / perSecond;
      sent.push(client.send().then((exchange) => ({ ...exchange, totalMs: exchange.totalMs + Math.max(0, lateMs) })));
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  const exchanges = await Promise.all(sent);
  return { exchanges, seconds: (performance.now() - startedAt) / 1_000 };
}
