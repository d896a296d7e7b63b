import { usageOf } from '@switchyard/contracts';
import type { ServiceTier, Usage } from '@switchyard/contracts';

/** What providers report: totals, and parts that are contained in them. */
export interface ReportedUsage {
  readonly prompt: number;
  /** All output, reasoning included. */
  readonly completion: number;
  /** All that was read from a cache, audio included. */
  readonly cacheRead?: number | undefined;
  readonly cacheReadAudio?: number | undefined;
  readonly cacheWrite?: number | undefined;
  readonly cacheWrite1h?: number | undefined;
  readonly audioInput?: number | undefined;
  readonly imageInput?: number | undefined;
  readonly videoInput?: number | undefined;
  readonly reasoning?: number | undefined;
  readonly audioOutput?: number | undefined;
  readonly imageOutput?: number | undefined;
  readonly searches?: number | undefined;
  readonly serviceTier?: ServiceTier | undefined;
}

/**
 * Disjoint buckets whose sums are exactly the totals. Parts that together exceed their total (details may overlap: a cached
 * audio token can be in both) are cut in the order given, so that no token counts twice.
 */
export function bucketsOf(reported: ReportedUsage): Usage {
  const cachedAudio = Math.min(reported.cacheReadAudio ?? 0, reported.cacheRead ?? 0);
  const input = partsOf(reported.prompt, {
    cacheReadAudioTokens: cachedAudio,
    cacheReadTokens: reported.cacheRead === undefined ? undefined : reported.cacheRead - cachedAudio,
    cacheWriteTokens: reported.cacheWrite,
    cacheWrite1hTokens: reported.cacheWrite1h,
    audioInputTokens: reported.audioInput,
    imageInputTokens: reported.imageInput,
    videoInputTokens: reported.videoInput,
  });
  const output = partsOf(reported.completion, {
    reasoningTokens: reported.reasoning,
    audioOutputTokens: reported.audioOutput,
    imageOutputTokens: reported.imageOutput,
  });
  return usageOf({
    source: 'reported',
    ...input.parts,
    inputTokens: input.rest,
    ...output.parts,
    outputTokens: output.rest,
    requests: 1,
    searches: reported.searches ?? 0,
    ...(reported.serviceTier && { serviceTier: reported.serviceTier }),
  });
}

function partsOf<Name extends string>(
  total: number,
  wanted: Record<Name, number | undefined>,
): { readonly parts: Record<Name, number>; readonly rest: number } {
  const parts = {} as Record<Name, number>;
  let rest = total;
  for (const name of Object.keys(wanted) as Name[]) {
    parts[name] = Math.min(wanted[name] ?? 0, rest);
    rest -= parts[name];
  }
  return { parts, rest };
}

const TIERS: ReadonlyMap<unknown, ServiceTier> = new Map([
  ['flex', 'flex'],
  ['priority', 'priority'],
]);

/** The tier that a provider names: those with a price of their own. Its standard one has many names (`default`, `on_demand`, …). */
export const serviceTierOf = (name: unknown): ServiceTier | undefined => TIERS.get(name);
