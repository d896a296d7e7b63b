import { ReasoningAbility } from '@switchyard/contracts';
import { z } from 'zod';
import { DataError } from './data-error.js';
import { DataFile, Pricing } from './data-file.js';
import { parseJson } from './read-data.js';

/** Of a self-hosted OpenAI-compatible server, unless its entry says otherwise: what all of them take. */
const DEFAULT_PARAMETERS = [
  'frequency_penalty',
  'logit_bias',
  'logprobs',
  'max_tokens',
  'presence_penalty',
  'response_format',
  'seed',
  'stop',
  'structured_outputs',
  'temperature',
  'tool_choice',
  'tools',
  'top_k',
  'top_logprobs',
  'top_p',
];

const LocalModel = z
  .strictObject({
    /** `author/slug`, for example `local/llama-3.1-8b`. */
    id: z.string().min(1),
    name: z.string().min(1).optional(),
    /** What the server calls it; the slug when absent. */
    upstreamModel: z.string().min(1).optional(),
    contextLength: z.int().positive(),
    maxCompletionTokens: z.int().positive().nullable().default(null),
    inputModalities: z.array(z.string()).default(['text']),
    outputModalities: z.array(z.string()).default(['text']),
    supportedParameters: z.array(z.string()).default(DEFAULT_PARAMETERS),
    quantization: z.string().default('unknown'),
    reasoning: ReasoningAbility.nullable().default(null),
    pricing: Pricing.optional(),
    free: z.boolean().default(false),
  })
  .refine((model) => model.free || model.pricing, {
    path: ['pricing'],
    message: 'is missing: give the price of prompt and completion, or say "free": true',
  });

/** The content of the file named by LOCAL_MODELS_FILE. */
const LocalModelsFile = z.strictObject({ models: z.array(LocalModel).max(1000) });

const LOCAL_PROVIDER = 'local';
const FREE = { prompt: '0', completion: '0' };

/**
 * Reads the models of a self-hosted server as a data file of the provider `local`.
 * @param today the day from which their prices hold, `2026-11-22`.
 * @throws DataError with every path that is wrong.
 */
export function readLocalModels(text: string, today: string): DataFile {
  const faults: string[] = [];
  const content = parseJson(text, LocalModelsFile, 'LOCAL_MODELS_FILE', faults);
  if (!content) throw new DataError(faults);
  return DataFile.parse({
    source: 'LOCAL_MODELS_FILE',
    date: today,
    providers: [{ id: LOCAL_PROVIDER, name: 'Local' }],
    models: content.models.map(toModel),
    endpoints: content.models.map(toEndpoint),
  });
}

type Local = z.output<typeof LocalModel>;

const slugOf = (id: string): string => id.slice(id.indexOf('/') + 1);

const toModel = ({
  id,
  name,
  contextLength,
  maxCompletionTokens,
  inputModalities,
  outputModalities,
  reasoning,
}: Local) => ({
  id,
  canonicalSlug: id,
  name: name ?? id,
  author: id.split('/')[0],
  created: 0,
  contextLength,
  maxCompletionTokens,
  inputModalities,
  outputModalities,
  reasoning,
});

const toEndpoint = ({ id, name: _name, upstreamModel, pricing, ...facts }: Local) => ({
  ...facts,
  model: id,
  provider: LOCAL_PROVIDER,
  tag: LOCAL_PROVIDER,
  upstreamModel: upstreamModel ?? slugOf(id),
  dataPolicy: { trains: false, retains: false },
  pricing: pricing ?? FREE,
});
