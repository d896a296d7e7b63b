import { randomBytes, randomUUID } from 'node:crypto';
import { AttemptCall } from '@switchyard/contracts';
import type { CatalogueEndpoint } from '@switchyard/contracts';
import { costsNothing } from '@switchyard/pricing';
import { z } from 'zod';

const NOBODY = '00000000-0000-0000-0000-000000000000';
const TIMEOUTS = { connectMs: 5_000, firstByteMs: 20_000, idleMs: 5_000, totalMs: 25_000 };
const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** Only where asking is free, so that a probe is on nobody's books; and only what answers in text, because of that one token is enough. */
export const isProbed = ({ price, outputModalities }: CatalogueEndpoint): boolean =>
  costsNothing(price) && outputModalities.includes('text');

/** The cheapest honest question: one token of an answer to one word. */
export function probeBody({ modelId }: CatalogueEndpoint): Buffer {
  return Buffer.from(
    JSON.stringify({ model: modelId, messages: [{ role: 'user', content: 'Hi' }], max_tokens: 1, stream: false }),
  );
}

/** The facts of a probe in their wire form. No account, key or lease stands behind it. */
export function probeCall(
  endpoint: CatalogueEndpoint,
  { instance, nowMs }: { instance: string; nowMs: number },
): unknown {
  const created = Math.floor(nowMs / 1_000);
  return z.encode(AttemptCall, {
    generationId: `gen-${created}-${[...randomBytes(20)].map((byte) => BASE62[byte % BASE62.length]).join('')}`,
    attempt: 1,
    created,
    admittedAtMs: nowMs,
    dialect: 'openai-chat',
    stream: false,
    endpoint,
    leaseId: NOBODY,
    accountId: NOBODY,
    keyId: NOBODY,
    edgeId: instance,
    edgeEpoch: randomUUID(),
    boundNanos: 0n,
    ticket: null,
    ownKey: null,
    allowance: null,
    probe: true,
    timeouts: TIMEOUTS,
  });
}
