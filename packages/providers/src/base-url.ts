import type { ProtocolId } from '@switchyard/contracts';
import type { Provider } from './provider.js';

/**
 * Joins a base URL and a path. Unlike `new URL(path, base)` it keeps the path of the base, so that a provider behind a prefix
 * (`https://proxy.example/openai/v1`) is reached, and a query of the path survives.
 */
export function joinUrl(baseUrl: string, ...paths: readonly string[]): string {
  const base = new URL(baseUrl);
  const [path = '', query] = [base.pathname, ...paths].join('/').split('?', 2);
  base.pathname = path.replaceAll(/\/{2,}/g, '/');
  base.search = query === undefined ? '' : `?${query}`;
  return base.toString();
}

/** What OpenAI-compatible servers use, and so what is meant where a provider has no address of its own. */
const USUAL_PATH = '/v1';

/**
 * A configured base URL, completed: a bare origin (`https://proxy.example`) gets the path of the provider's own address, because
 * some official clients take the origin alone and others the version with it. A URL with a path is taken as it is.
 */
export function completeBaseUrl(provider: Pick<Provider, 'baseUrl'>, configured: string): string {
  const url = new URL(configured);
  if (url.pathname === '/') url.pathname = provider.baseUrl === null ? USUAL_PATH : new URL(provider.baseUrl).pathname;
  return url.toString();
}

/** The path below the base URL at which a provider speaks a protocol; null when it does not speak it. */
export function basePathOf(provider: Provider, protocol: ProtocolId): string | null {
  if (protocol === provider.protocol) return '';
  return provider.also?.find((other) => other.protocol === protocol)?.basePath ?? null;
}
