import { usageOf } from '@switchyard/contracts';
import type { Usage } from '@switchyard/contracts';

/** What providers report: totals, and parts that are contained in them. */
export interface ReportedUsage {
  readonly prompt: number;
  /** All output, reasoning included. */
  readonly completion: number;
  readonly cacheRead?: number | undefined;
  readonly cacheWrite?: number | undefined;
  readonly cacheWrite1h?: number | undefined;
  readonly audioInput?: number | undefined;
  readonly imageInput?: number | undefined;
  readonly videoInput?: number | undefined;
  readonly reasoning?: number | undefined;
  readonly audioOutput?: number | undefined;
  readonly imageOutput?: number | undefined;
  readonly searches?: number | undefined;
}

/**
 * Disjoint buckets whose sums are exactly the totals. Parts that together exceed their total (details may overlap: a cached
 * audio token can be in both) are cut in the order given, so that no token counts twice.
 */
export function bucketsOf(reported: ReportedUsage): Usage {
  const input = partsOf(reported.prompt, {
    cacheReadTokens: reported.cacheRead,
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
