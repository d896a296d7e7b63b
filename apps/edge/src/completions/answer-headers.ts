import type { Attempt } from '@switchyard/contracts';

/** Parameters that the provider did not get, separated by commas. */
export const DROPPED_HEADER = 'x-switchyard-dropped-params';
/** Pieces of reasoning of another provider that the one that answers cannot read. */
export const STRIPPED_HEADER = 'x-switchyard-stripped-reasoning';

/** What did not reach the provider that answers; nothing when all did. The record of the generation says the same. */
export const answerHeaders = ({ droppedParameters, strippedReasoning }: Attempt): Record<string, string> => ({
  ...(droppedParameters && droppedParameters.length > 0 && { [DROPPED_HEADER]: droppedParameters.join(',') }),
  ...(strippedReasoning !== undefined && { [STRIPPED_HEADER]: String(strippedReasoning) }),
});
