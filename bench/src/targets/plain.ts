import { fileURLToPath } from 'node:url';
import { startChild, type Child } from '../child.js';
import { modelOf } from '../upstream/answers.js';
import type { Target } from './target.js';

const JSON_HEADERS = { 'content-type': 'application/json' };

export const startUpstream = (): Promise<Child> =>
  startChild({ script: fileURLToPath(new URL('../upstream/main.js', import.meta.url)) });

/** The upstream without anything in between. */
export const direct = (upstream: Child): Target => ({
  name: 'direct',
  urls: [`${upstream.url}/v1/chat/completions`],
  headers: JSON_HEADERS,
  modelOf,
  processes: () => [],
  stop: () => Promise.resolve(),
});

export async function startBareProxy(upstream: Child): Promise<Target> {
  const child = await startChild({
    script: fileURLToPath(new URL('bare-proxy-main.js', import.meta.url)),
    env: { UPSTREAM_URL: upstream.url },
  });
  return {
    name: 'bare proxy',
    urls: [`${child.url}/v1/chat/completions`],
    headers: JSON_HEADERS,
    modelOf,
    processes: () => [{ name: 'bare proxy', pid: child.pid }],
    stop: () => child.stop(),
  };
}

/**
 * A gateway that somebody else has started, with the upstream as an OpenAI-compatible provider: `name=url`, where the URL is that of
 * its chat completions. Models are called as the upstream calls them; `BENCH_PEER_KEY` is its bearer token.
 * @throws Error when it is not of that form
 */
export function externalPeer(text: string, key: string | undefined): Target {
  const at = text.indexOf('=');
  const url = at > 0 ? URL.parse(text.slice(at + 1)) : null;
  if (!url)
    throw new Error(`--peer ${text}: write name=url, for example litellm=http://127.0.0.1:4000/v1/chat/completions`);
  return {
    name: text.slice(0, at),
    urls: [url.href],
    headers: { ...JSON_HEADERS, ...(key !== undefined && { authorization: `Bearer ${key}` }) },
    modelOf,
    processes: () => [],
    stop: () => Promise.resolve(),
  };
}
