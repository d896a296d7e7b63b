import type { CatalogueEndpoint } from '@switchyard/contracts';
import { z } from 'zod';

/** One of several keys for a provider. The name is for logs; the key itself never leaves the process but for the provider. */
export interface UpstreamKey {
  readonly name: string;
  readonly key: string;
  /** Patterns of models, by their public id or the provider's own, in which `*` stands for anything; null for all. */
  readonly models: readonly string[] | null;
  /** What stands behind the slash of an endpoint's tag (`azure/eu`); null for all. */
  readonly regions: readonly string[] | null;
  /** Used only when no other key can be. */
  readonly fallback: boolean;
}

export const MAX_KEYS = 32;
const MAX_FILTERS = 100;
const MAX_KEY_CHARACTERS = 16_384;

/** What an HTTP header can carry. */
export const HEADER_SECRET = z
  .string()
  .min(1)
  .max(MAX_KEY_CHARACTERS)
  .regex(/^[\x21-\x7e]+$/, 'has characters that no header can carry');

const filters = z.array(z.string().min(1).max(200)).min(1).max(MAX_FILTERS).nullable().default(null);
const Described = z.strictObject({
  key: HEADER_SECRET,
  name: z
    .string()
    .regex(/^[\w.-]{1,64}$/)
    .optional(),
  models: filters,
  regions: filters,
  fallback: z.boolean().default(false),
});
const List = z
  .array(z.union([HEADER_SECRET, Described]))
  .min(1)
  .max(MAX_KEYS);

const EXPECTED = 'must be a JSON list of keys, or of {"key","name","models","regions","fallback"}';

/**
 * Reads `["sk-1", {"key": "sk-2", "name": "eu", "models": ["gpt-5*"], "regions": ["eu"], "fallback": true}]`. What is wrong with it
 * is not quoted, because it has secrets.
 */
export const UpstreamKeys = z
  .string()
  .max(MAX_KEYS * MAX_KEY_CHARACTERS)
  .transform((text, context): readonly UpstreamKey[] => {
    const list = List.safeParse(parsed(text)).data;
    const keys = list?.map((entry, index) => namedKey(entry, index)) ?? [];
    const names = new Set(keys.map(({ name }) => name));
    if (keys.length === 0 || names.size < keys.length) {
      context.addIssue({ code: 'custom', message: keys.length === 0 ? EXPECTED : 'has two keys of one name' });
      return z.NEVER;
    }
    return keys;
  });

/** The only key of most workers. */
export const singleKey = (key: string): UpstreamKey => ({
  name: 'default',
  key,
  models: null,
  regions: null,
  fallback: false,
});

function namedKey(entry: z.output<typeof List>[number], index: number): UpstreamKey {
  const name = `key-${index + 1}`;
  return typeof entry === 'string' ? { ...singleKey(entry), name } : { ...entry, name: entry.name ?? name };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}

type Target = Pick<CatalogueEndpoint, 'modelId' | 'upstreamModel' | 'tag'>;

/** Whether a key may be used for an endpoint. */
export const mayServe = ({ models, regions }: UpstreamKey, { modelId, upstreamModel, tag }: Target): boolean =>
  (models === null || models.some((pattern) => matches(pattern, modelId) || matches(pattern, upstreamModel))) &&
  (regions === null || regions.includes(tag.slice(tag.indexOf('/') + 1)));

function matches(pattern: string, text: string): boolean {
  const [first = '', ...rest] = pattern.split('*');
  if (rest.length === 0) return text === pattern;
  const last = rest.pop() ?? '';
  if (!text.startsWith(first) || text.length < first.length + last.length || !text.endsWith(last)) return false;
  let from = first.length;
  const end = text.length - last.length;
  for (const piece of rest) {
    const found = text.indexOf(piece, from);
    if (found === -1 || found + piece.length > end) return false;
    from = found + piece.length;
  }
  return true;
}
