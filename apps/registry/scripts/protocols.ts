import type { ProtocolId } from '@switchyard/contracts';

/** Models that OpenAI serves at `/responses` alone (platform.openai.com/docs/models and recorded catalogues, November 2026). */
const RESPONSES_ONLY =
  /^(?:(?:o\d|gpt-\d[\d.]*)-pro|(?:gpt-\d[\d.]*-)?codex(?:-[a-z]+)*|o\d(?:-mini)?-deep-research)(?:-20\d\d-\d\d-\d\d)?$/;

/** Parameters for which that format has no place. */
const CHAT_ONLY = new Set(['frequency_penalty', 'logit_bias', 'prediction', 'presence_penalty', 'seed', 'stop']);

/** The protocol of an endpoint whose provider speaks several; undefined where it is the provider's first. */
export function protocolFor(provider: string, upstreamModel: string): ProtocolId | undefined {
  if ((provider === 'openai' || provider === 'azure') && RESPONSES_ONLY.test(upstreamModel)) return 'openai-responses';
  // Several models that answer as one run on the new format alone.
  if (provider === 'xai' && /-multi-agent(?:-|$)/.test(upstreamModel)) return 'openai-responses';
  return provider === 'google-vertex' && upstreamModel.startsWith('claude-') ? 'anthropic-vertex' : undefined;
}

export const takenByProtocol = (protocol: ProtocolId | undefined, parameters: readonly string[]): string[] =>
  parameters.filter((parameter) => protocol !== 'openai-responses' || !CHAT_ONLY.has(parameter));
