import { completionTokens } from '@switchyard/contracts';
import type { UpstreamFailure, Usage, UsageOutcome } from '@switchyard/contracts';
import { PAYMENT_CASES } from '@switchyard/pricing';
import type { PaymentCase } from '@switchyard/pricing';
import type { LaneSummary } from '@switchyard/protocols';
import { failureOf } from '../upstream/failure.js';
import type { Progress } from '../upstream/failure.js';
import { estimateUsage, reportedUsage } from './estimate.js';
import type { Prompt } from './plan.js';

/** Everything that decides how an attempt ends. */
export interface EndingFacts {
  readonly progress: Progress;
  readonly streamed: boolean;
  readonly summary: LaneSummary;
  /** What was thrown on the way, understood. */
  readonly thrown: UpstreamFailure | null;
  readonly cancelled: { readonly reason: string; readonly fault: boolean } | null;
  /** No credit was left to go on, after so much had been written. */
  readonly stopped: { readonly outputCharacters: number } | null;
  readonly prompt: () => Prompt;
}

/** How an attempt ends: for the client, and for the ledger (`usage: null` is no entry at all). */
export type Ending =
  | {
      readonly kind: 'end';
      readonly case: PaymentCase;
      readonly outcome: 'final' | 'estimate';
      readonly usage: Usage;
      /** We ended it, and the provider did not. */
      readonly stopped?: true;
    }
  | { readonly kind: 'fail'; readonly case: PaymentCase; readonly failure: UpstreamFailure; readonly usage: null }
  | {
      readonly kind: 'fail';
      readonly case: PaymentCase;
      readonly failure: UpstreamFailure;
      readonly outcome: UsageOutcome;
      readonly usage: Usage;
    };

/**
 * Which case of who pays an attempt is. A finished answer costs what it used. Before the first byte a failure costs nothing here, and
 * the edge may try elsewhere, so nothing is booked under the generation's id. After it the customer is insured: the house bears the
 * cost. A cancelled answer costs what the provider made of it until then.
 */
export function endingOf(facts: EndingFacts): Ending {
  if (facts.cancelled) return facts.cancelled.fault ? ofFault(facts, facts.cancelled.reason) : ofCancel(facts);
  if (facts.stopped) return ofStop(facts, facts.stopped.outputCharacters);
  const failure = failureIn(facts);
  if (failure) return failed(facts, failure, 'failed_midway');
  const reported = reportedUsage(facts.summary.usage);
  return reported
    ? { kind: 'end', ...entry('finished'), usage: reported }
    : { kind: 'end', ...entry('finished_unreported'), usage: estimate(facts) };
}

/** What went wrong with an answer; null for a good one. */
export function failureIn({
  thrown,
  summary,
  streamed,
}: Pick<EndingFacts, 'thrown' | 'summary' | 'streamed'>): UpstreamFailure | null {
  if (thrown) return thrown;
  if (summary.failure) return summary.failure;
  if (summary.finishReason === 'error') return failureOf('upstream_error');
  if (isBlank(summary)) return failureOf('upstream_invalid_response');
  if (summary.finishReason !== null) return null;
  // A stream that ends without a finish was cut, however politely; a whole answer without one says nothing.
  return failureOf(streamed && !summary.terminal ? 'upstream_disconnected' : 'upstream_invalid_response');
}

/** The provider said neither a word nor why it stopped; a finish that a lane adds by itself has no native reason. */
export const isBlank = ({ nativeFinishReason, finishReason, outputCharacters, usage }: LaneSummary): boolean =>
  finishReason !== null &&
  nativeFinishReason === null &&
  outputCharacters === 0 &&
  (usage === null || completionTokens(usage) === 0);

/** What a case is booked as, and its name. */
const entry = <Case extends PaymentCase>(name: Case): { readonly case: Case; readonly outcome: BooksOf<Case> } => ({
  case: name,
  outcome: PAYMENT_CASES[name].books,
});
type BooksOf<Case extends PaymentCase> = (typeof PAYMENT_CASES)[Case]['books'];

function failed(facts: EndingFacts, failure: UpstreamFailure, spokenCase: 'failed_midway' | 'gateway_failed'): Ending {
  if (!facts.progress.spoke) return { kind: 'fail', case: 'failed_unheard', failure, usage: null };
  const usage = reportedUsage(facts.summary.usage) ?? estimate(facts);
  return { kind: 'fail', ...entry(spokenCase), failure, usage };
}

function ofFault(facts: EndingFacts, reason: string): Ending {
  return failed(facts, failureOf(reason === 'drain' ? 'worker_lost' : 'stream_lost'), 'gateway_failed');
}

function ofCancel(facts: EndingFacts): Ending {
  const { summary, progress, thrown } = facts;
  const failure = failureOf('client_closed_request');
  if (!progress.dispatched) return { kind: 'fail', case: 'cancelled_unsent', failure, usage: null };
  const reported = reportedUsage(summary.usage);
  if (reported && summary.finishReason !== null && summary.finishReason !== 'error')
    return { kind: 'fail', ...entry('cancelled_drained'), failure, usage: reported };
  // An error of the provider while it was read on: the customer is as insured as with the connection open.
  const providerFailed = thrown?.code !== 'client_closed_request' && failureIn(facts) !== null;
  if (providerFailed) return failed(facts, failure, 'failed_midway');
  return { kind: 'fail', ...entry('cancelled_closed'), failure, usage: estimate(facts) };
}

/** The client pays for what it got, whatever the provider had made beyond it. */
function ofStop({ prompt, summary }: EndingFacts, outputCharacters: number): Ending {
  const partial = reportedUsage(summary.usage) ?? reportedUsage(summary.partialUsage);
  const input = partial && {
    ...partial,
    outputTokens: 0,
    reasoningTokens: 0,
    audioOutputTokens: 0,
    imageOutputTokens: 0,
  };
  return {
    kind: 'end',
    ...entry('out_of_credit'),
    usage: estimateUsage({ ...prompt(), outputCharacters, partial: input }),
    stopped: true,
  };
}

const estimate = ({ prompt, summary }: EndingFacts): Usage =>
  estimateUsage({
    ...prompt(),
    outputCharacters: summary.outputCharacters,
    partial: reportedUsage(summary.usage) ?? reportedUsage(summary.partialUsage),
  });
