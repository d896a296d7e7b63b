import { completionTokens, operationOf, promptTokens } from '@switchyard/contracts';
import type { GenerationRecord, UsageEvent } from '@switchyard/contracts';
import { instruments } from '@switchyard/telemetry';

const MS_PER_S = 1_000;

/** Counts a finished generation. Attribute values come from small sets: never an id, never text of a user. */
export function recordGeneration(record: GenerationRecord, event: UsageEvent | null): void {
  const attributes = {
    'gen_ai.operation.name': operationOf(record.dialect),
    'gen_ai.provider.name': record.provider ?? 'none',
    // What was asked for may be any text, so only a model of the catalogue is named.
    'gen_ai.response.model': record.model ?? 'none',
  };
  const error = record.errorCode === null ? {} : { 'error.type': record.errorCode };
  instruments.generationDuration.record(record.generationMs / MS_PER_S, { ...attributes, ...error });
  if (record.overheadMs !== null) instruments.gatewayOverhead.record(record.overheadMs / MS_PER_S);
  for (const attempt of record.attempts) {
    const { outcome, provider, errorCode } = attempt;
    const failure = errorCode === null ? {} : { 'error.type': errorCode };
    instruments.attempts.add(1, { outcome, 'gen_ai.provider.name': provider, ...failure });
  }
  if (!event) return;
  if (event.firstTokenMs !== null) instruments.timeToFirstToken.record(event.firstTokenMs / MS_PER_S, attributes);
  instruments.tokenUsage.record(promptTokens(event.usage), { ...attributes, 'gen_ai.token.type': 'input' });
  instruments.tokenUsage.record(completionTokens(event.usage), { ...attributes, 'gen_ai.token.type': 'output' });
}
