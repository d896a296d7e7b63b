import type { ReasoningAbility } from '@switchyard/contracts';
import { priceToUsd } from '@switchyard/pricing';
import type { PreparedModel } from '../catalogue/prepared-model.js';

/** The first part of a model that both its listing and its endpoints carry. */
export const architectureOf = ({ model }: PreparedModel): Record<string, unknown> => ({
  modality: `${model.inputModalities.join('+')}->${model.outputModalities.join('+')}`,
  input_modalities: model.inputModalities,
  output_modalities: model.outputModalities,
  tokenizer: model.tokenizer ?? 'Other',
  instruct_type: model.instructType,
});

/**
 * A model as `GET /models` shows it (spec 1.2 and Annex C). Price and top provider are those of its cheapest endpoint, the one
 * that default routing prefers.
 * @param prepared with at least one endpoint: without one there is no price to show
 */
export function publicModel(prepared: PreparedModel): Record<string, unknown> {
  const { model, endpoints } = prepared;
  const [cheapest] = endpoints;
  if (!cheapest) throw new Error(`the model ${model.id} has no endpoint to show`);
  return {
    id: model.id,
    canonical_slug: model.canonicalSlug,
    hugging_face_id: model.huggingFaceId,
    name: model.name,
    created: model.created,
    description: '',
    context_length: model.contextLength,
    architecture: architectureOf(prepared),
    pricing: priceToUsd(cheapest.endpoint.price),
    top_provider: {
      context_length: cheapest.endpoint.contextLength,
      max_completion_tokens: cheapest.endpoint.maxCompletionTokens,
      is_moderated: model.isModerated,
    },
    per_request_limits: null,
    supported_parameters: [...prepared.supportedParameters],
    default_parameters: model.defaultParameters,
    supported_voices: null,
    knowledge_cutoff: model.knowledgeCutoff,
    expiration_date: model.expirationDate,
    links: { details: `/api/v1/models/${model.id}/endpoints` },
    ...(model.reasoning && { reasoning: publicReasoning(model.reasoning) }),
  };
}

const publicReasoning = (ability: ReasoningAbility): Record<string, unknown> => ({
  mandatory: ability.mandatory,
  ...(ability.defaultEnabled !== undefined && { default_enabled: ability.defaultEnabled }),
  supported_efforts: ability.efforts.length > 0 ? ability.efforts : null,
  default_effort: ability.defaultEffort,
  supports_max_tokens: ability.maxTokens,
});
