import { Pool } from 'undici';

/** Sends `total` requests with `connections` in flight; latencies in milliseconds, sorted. @throws when an answer is not a 200. */
export async function load(target, { connections, total, request }) {
  const url = new URL(target.url);
  const pool = new Pool(url.origin, { connections, pipelining: 1 });
  const options = {
    path: url.pathname,
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(target.key && { authorization: `Bearer ${target.key}` }) },
    body: JSON.stringify({ ...request, model: target.model }),
  };
  const latencies = [];
  let left = total;
  const started = performance.now();
  const lane = async () => {
    while (left > 0) {
      left -= 1;
      const before = performance.now();
      const { statusCode, body } = await pool.request(options);
      const text = await body.text();
      if (statusCode !== 200) throw new Error(`${target.name}: HTTP ${statusCode}: ${text.slice(0, 300)}`);
      latencies.push(performance.now() - before);
    }
  };
  await Promise.all(Array.from({ length: connections }, lane));
  const seconds = (performance.now() - started) / 1_000;
  await pool.close();
  latencies.sort((a, b) => a - b);
  return { perSecond: total / seconds, latencies };
}

export const percentile = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
export const median = (values) =>
  percentile(
    [...values].sort((a, b) => a - b),
    0.5,
  );
