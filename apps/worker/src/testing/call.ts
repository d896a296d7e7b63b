import { randomBytes, randomUUID } from 'node:crypto';
import { AttemptCall } from '@switchyard/contracts';
import type { CatalogueEndpoint } from '@switchyard/contracts';
import { z } from 'zod';

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const PRICE = { version: 'test-1', prompt: 1_000_000n, completion: 3_000_000n, cacheRead: 100_000n };

export const generationId = (): string =>
  `gen-${Math.floor(Date.now() / 1000)}-${[...randomBytes(20)].map((byte) => BASE62[byte % 62]).join('')}`;

export type CallChanges = Partial<Omit<AttemptCall, 'endpoint' | 'timeouts'>> & {
  readonly endpoint?: Partial<CatalogueEndpoint>;
  readonly timeouts?: Partial<AttemptCall['timeouts']>;
};

/** An attempt on an endpoint of the sandbox that supports everything, with whatever a test changes. */
export function attemptCall({ endpoint, timeouts, ...changes }: CallChanges = {}): AttemptCall {
  return {
    generationId: generationId(),
    attempt: 1,
    created: Math.floor(Date.now() / 1000),
    admittedAtMs: Date.now(),
    dialect: 'openai-chat',
    stream: true,
    leaseId: randomUUID(),
    accountId: randomUUID(),
    keyId: randomUUID(),
    edgeId: 'edge-test',
    edgeEpoch: randomUUID(),
    boundNanos: 1_000_000_000n,
    ticket: null,
    ownKey: null,
    allowance: null,
    ...changes,
    timeouts: { connectMs: 5000, firstByteMs: 10_000, idleMs: 10_000, totalMs: 30_000, ...timeouts },
    endpoint: {
      id: 'sandbox:sandbox/echo',
      modelId: 'sandbox/echo',
      provider: 'sandbox',
      providerName: 'Sandbox',
      tag: 'sandbox',
      upstreamModel: 'echo',
      contextLength: 200_000,
      maxCompletionTokens: 100_000,
      maxPromptTokens: null,
      quantization: 'unknown',
      inputModalities: ['text', 'image'],
      outputModalities: ['text'],
      supportedParameters: [
        'max_tokens',
        'temperature',
        'tools',
        'tool_choice',
        'response_format',
        'structured_outputs',
        'reasoning',
        'stop',
      ],
      supportsImplicitCaching: true,
      reasoning: { mandatory: false, efforts: ['low', 'high'], defaultEffort: null, maxTokens: true },
      dataPolicy: null,
      price: PRICE,
      ...endpoint,
    },
  };
}

/** The call as an edge sends it. */
export const wireOf = (call: AttemptCall): unknown => z.encode(AttemptCall, call);
