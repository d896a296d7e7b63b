import type { ApiKey } from '@switchyard/contracts';
import type { z } from 'zod';
import type { UpdateKeyBody } from './key-bodies.js';

type Asked = Pick<z.output<typeof UpdateKeyBody>, 'cache_enabled' | 'cache_ttl_seconds' | 'store_responses'>;
type Keeping = Pick<ApiKey, 'cacheEnabled' | 'cacheTtlSeconds' | 'storeResponses'>;

/** What a body says about keeping, in the words of the contract; nothing of what it leaves out. */
export const keepingOf = (body: Asked): Keeping => ({
  ...(body.cache_enabled !== undefined && { cacheEnabled: body.cache_enabled }),
  ...(body.cache_ttl_seconds !== undefined && { cacheTtlSeconds: body.cache_ttl_seconds }),
  ...(body.store_responses !== undefined && { storeResponses: body.store_responses }),
});

/** Whether it switches something on: only then somebody has to be able to keep it. */
export const keepsSomething = ({ cacheEnabled, storeResponses }: Keeping): boolean =>
  cacheEnabled === true || storeResponses === true;

export const keepingView = (key: Keeping): Record<string, unknown> => ({
  cache_enabled: key.cacheEnabled ?? null,
  cache_ttl_seconds: key.cacheTtlSeconds ?? null,
  store_responses: key.storeResponses ?? false,
});
