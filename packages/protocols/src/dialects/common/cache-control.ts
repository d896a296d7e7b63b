import { z } from 'zod';
import type { CacheControl } from '@switchyard/contracts';
import { optional } from './schema-helpers.js';

/** `{type:"ephemeral",ttl?}` of Anthropic's form; OpenAI's `prompt_cache_breakpoint` means the same as its five minutes. */
export const cacheControl = z
  .looseObject({ type: z.literal('ephemeral'), ttl: optional(z.enum(['5m', '1h'])) })
  .transform(({ ttl }): CacheControl => (ttl ? { ttl } : {}));
