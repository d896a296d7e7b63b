/** What every process that is started here may see. */
export const surroundings = (): Record<string, string> => ({
  PATH: process.env['PATH'] ?? '',
  HOME: process.env['HOME'] ?? '',
});

/** The bearer token of gateways that run already; undefined without one. */
export const peerKey = (): string | undefined => process.env['BENCH_PEER_KEY'];

/** Where the bare proxy sends its requests. @throws Error when it is not said */
export function upstreamUrl(): string {
  const url = process.env['UPSTREAM_URL'];
  if (!url) throw new Error('UPSTREAM_URL is missing');
  return url;
}
