import { connectBus } from '@switchyard/bus';
import { CatalogueModel, PutModel, type CatalogueEndpoint, type ProtocolId } from '@switchyard/contracts';
import { waitUntil } from '@switchyard/testing';
import type { TestStack } from './test-stack.js';

/** A format of the upstream under the roof of one provider: a row of the table. */
export interface Upstream {
  readonly name: string;
  readonly provider: string;
  readonly protocol: ProtocolId;
  /** Folder of its recorded answers, and which of them are in this format. */
  readonly recordings: string;
  readonly cases?: RegExp;
}

export const UPSTREAMS: readonly Upstream[] = [
  { name: 'openai-chat', provider: 'openai', protocol: 'openai-chat', recordings: 'openai' },
  { name: 'openai-chat on Azure', provider: 'azure', protocol: 'openai-chat', recordings: 'azure' },
  { name: 'openai-responses', provider: 'openai', protocol: 'openai-responses', recordings: 'openai-responses' },
  { name: 'anthropic-messages', provider: 'anthropic', protocol: 'anthropic-messages', recordings: 'anthropic' },
  {
    name: 'anthropic-bedrock',
    provider: 'amazon-bedrock',
    protocol: 'anthropic-bedrock',
    recordings: 'bedrock-invoke',
    cases: /--claude-/,
  },
  {
    name: 'anthropic-vertex',
    provider: 'google-vertex',
    protocol: 'anthropic-vertex',
    recordings: 'vertex',
    cases: /--claude-/,
  },
  { name: 'gemini', provider: 'google', protocol: 'gemini', recordings: 'gemini' },
  {
    name: 'gemini-vertex',
    provider: 'google-vertex',
    protocol: 'gemini-vertex',
    recordings: 'vertex',
    cases: /--gemini-/,
  },
  { name: 'bedrock-converse', provider: 'amazon-bedrock', protocol: 'bedrock-converse', recordings: 'bedrock' },
  { name: 'cohere-v2', provider: 'cohere', protocol: 'cohere-v2', recordings: 'cohere' },
  { name: 'mistral', provider: 'mistral', protocol: 'mistral', recordings: 'mistral' },
  // The folder has its compatible API beside its own; models that run at home have been asked in its own.
  { name: 'ollama', provider: 'ollama', protocol: 'ollama', recordings: 'ollama', cases: /--(?:qwen3|gemma3|llama3)/ },
];

/** What the simulated model behind an upstream does; `broken` is the one that is asked to fail. */
export type Behaviour = 'echo' | 'vision' | 'tools' | 'reasoning' | 'broken';
const BEHAVIOURS: readonly Behaviour[] = ['echo', 'vision', 'tools', 'reasoning', 'broken'];

export const modelOf = ({ name }: Pick<Upstream, 'name'>, behaviour: Behaviour): string =>
  `matrix/${name.replaceAll(' ', '-').toLowerCase()}.${behaviour}`;

/** Keys and addresses of all of them, with the simulator behind each. */
export const environmentOf = (simulatorUrl: string): Record<string, string> => ({
  OPENAI_BASE_URL: `${simulatorUrl}/v1`,
  ANTHROPIC_BASE_URL: `${simulatorUrl}/v1`,
  GOOGLE_BASE_URL: `${simulatorUrl}/v1beta`,
  AZURE_API_KEY: 'upstream-azure',
  AZURE_BASE_URL: `${simulatorUrl}/openai/v1`,
  // No key of Bedrock's own: every request is signed.
  AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE',
  AWS_SECRET_ACCESS_KEY: 'upstream-secret',
  AMAZON_BEDROCK_BASE_URL: simulatorUrl,
  GOOGLE_VERTEX_API_KEY: 'upstream-vertex',
  GOOGLE_VERTEX_BASE_URL: `${simulatorUrl}/v1/projects/p/locations/global`,
  COHERE_API_KEY: 'upstream-cohere',
  COHERE_BASE_URL: `${simulatorUrl}/v2`,
  MISTRAL_API_KEY: 'upstream-mistral',
  MISTRAL_BASE_URL: `${simulatorUrl}/v1`,
  OLLAMA_BASE_URL: `${simulatorUrl}/api`,
});

/** Models of the same abilities behind each upstream, put into the running catalogue; resolves when the edge knows them. */
export async function putModels(stack: TestStack, upstreams: readonly Upstream[] = UPSTREAMS): Promise<void> {
  const models = upstreams.flatMap((upstream) => BEHAVIOURS.map((behaviour) => catalogueModel(upstream, behaviour)));
  const bus = await connectBus({ servers: stack.natsUrl, name: 'matrix' });
  try {
    await Promise.all(models.map((model) => bus.rpc.call(PutModel, { model }, { timeoutMs: 30_000 })));
  } finally {
    await bus.close();
  }
  const known = async (id: string) => (await stack.api(`/models/${id}/endpoints`)).status === 200;
  await waitUntil(async () => (await Promise.all(models.map(({ id }) => known(id)))).every(Boolean), {
    what: 'the edge knows all models of the matrix',
    timeoutMs: 30_000,
  });
}

const MODALITIES = { inputModalities: ['text', 'image'], outputModalities: ['text'] };
const LIMITS = { contextLength: 128_000, maxCompletionTokens: 16_384 };
const REASONING = { mandatory: false, efforts: ['high', 'medium', 'low'], defaultEffort: 'medium', maxTokens: true };

function catalogueModel(upstream: Upstream, behaviour: Behaviour): CatalogueModel {
  const id = modelOf(upstream, behaviour);
  const { provider, protocol } = upstream;
  const endpoint: CatalogueEndpoint = {
    ...MODALITIES,
    ...LIMITS,
    id: `${provider}:${id}`,
    modelId: id,
    provider,
    providerName: provider,
    tag: provider,
    upstreamModel: behaviour === 'broken' ? 'echo' : behaviour,
    protocol,
    maxPromptTokens: null,
    quantization: 'unknown',
    supportedParameters: ['max_tokens', 'tools', 'tool_choice', 'response_format', 'structured_outputs', 'reasoning'],
    supportsImplicitCaching: false,
    reasoning: REASONING,
    dataPolicy: null,
    price: { version: 'v1', prompt: 100_000n, completion: 400_000n },
  };
  const facts = { ...MODALITIES, ...LIMITS, id, canonicalSlug: id, name: id, author: 'matrix', created: 1_780_000_000 };
  return { ...CatalogueModel.decode({ ...facts, reasoning: REASONING, endpoints: [] }), endpoints: [endpoint] };
}
