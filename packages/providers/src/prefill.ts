import type { ProtocolId } from '@switchyard/contracts';
import { providers } from './index.js';
import type { Provider } from './provider.js';

/** The format of Claude, by whomever it is served. Newer models refuse to go on: https://docs.anthropic.com/en/docs/build-with-claude/prompt-engineering/prefill-claudes-response */
const CLAUDE: ReadonlySet<ProtocolId> = new Set(['anthropic-messages', 'anthropic-vertex', 'anthropic-bedrock']);

/**
 * Whether a provider goes on with an answer whose beginning it is given as the last message, instead of beginning a new one. Only
 * where its documentation says so; an unknown provider does not.
 * @param protocol of the endpoint, where it is not the provider's own
 */
export function continuesAnswers(providerId: string, protocol: ProtocolId | undefined): boolean {
  const provider = providers.get(providerId);
  if (!provider) return false;
  const spoken = protocol ?? provider.protocol;
  return CLAUDE.has(spoken) || (provider.prefill !== undefined && spoken === provider.protocol);
}

/** Fields without which a provider would begin a new answer behind the one that it is given. */
export const prefillFields = ({ prefill }: Pick<Provider, 'prefill'>): Readonly<Record<string, unknown>> =>
  prefill === 'flags' ? { continue_final_message: true, add_generation_prompt: false } : {};
