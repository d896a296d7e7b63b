import { CACHE_TTL_SECONDS } from '@switchyard/contracts';
import type { ApiKey } from '@switchyard/contracts';
import type { FastifyRequest } from 'fastify';

const SWITCH = 'x-openrouter-cache';
const TTL = 'x-openrouter-cache-ttl';
const CLEAR = 'x-openrouter-cache-clear';
const COALESCE = 'x-switchyard-cache-coalesce';

/** What a request wants of the response cache. */
export interface CacheWish {
  readonly ttlSeconds: number;
  /** The entry is erased and made anew. */
  readonly clear: boolean;
  /** While an identical request runs, its answer is waited for. */
  readonly coalesce: boolean;
}

type Headers = FastifyRequest['headers'];

/**
 * Reads the headers and the settings of the key (spec 3.10). A key that says no has the last word, then the request, then a key that
 * says yes; otherwise the cache is not for this request, which is null. Values that mean nothing are read over, as OpenRouter does.
 */
export function cacheWishOf(
  headers: Headers,
  key: Pick<ApiKey, 'cacheEnabled' | 'cacheTtlSeconds' | 'routing'>,
): CacheWish | null {
  if (key.cacheEnabled === false || keepsNothing(key)) return null;
  if (!(flagOf(headers[SWITCH]) ?? key.cacheEnabled ?? false)) return null;
  return {
    ttlSeconds: clamped(Number.parseInt(String(headers[TTL]), 10)) ?? key.cacheTtlSeconds ?? CACHE_TTL_SECONDS.usual,
    clear: flagOf(headers[CLEAR]) === true,
    coalesce: flagOf(headers[COALESCE]) === true,
  };
}

/** Whoever settled that providers may retain nothing does not want it here either. */
const keepsNothing = ({ routing }: Pick<ApiKey, 'routing'>): boolean =>
  [routing?.workspace, routing?.key].some((policy) => policy?.provider['zdr'] === true);

function flagOf(value: string | string[] | undefined): boolean | null {
  const text = String(value).trim().toLowerCase();
  return text === 'true' ? true : text === 'false' ? false : null;
}

const clamped = (seconds: number): number | null =>
  Number.isNaN(seconds) ? null : Math.min(CACHE_TTL_SECONDS.most, Math.max(CACHE_TTL_SECONDS.least, seconds));
