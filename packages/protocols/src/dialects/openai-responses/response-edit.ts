import type { CompletionRequest } from '@switchyard/contracts';
import { isRecord, recordOf } from '../../json.js';
import type { JsonRecord } from '../../json.js';
import { RESPONSES_REASONING, reasoningFormatsOf } from '../../openai-responses/wire.js';
import type { Billing, RenderContext } from '../../types.js';
import { routingField } from '../common/routing-field.js';
import { sealOf } from './reasoning-items.js';
import { renderUsage } from './response-object.js';

/** The smallest edit that makes an upstream's `response` ours: names, what the client said of its user, foreign seals, the bill. */
export class ResponseEditor {
  private readonly format: string;
  private readonly hideReasoning: boolean;
  private readonly echo: JsonRecord;

  constructor(
    private readonly context: RenderContext,
    { reasoning, echo = {} }: CompletionRequest,
    provider?: string,
  ) {
    this.format = reasoningFormatsOf(provider).encrypted;
    this.hideReasoning = reasoning?.exclude === true;
    // The provider got a hash of the user and no metadata; the client reads what it sent.
    this.echo = {
      instructions: echo['instructions'] ?? null,
      store: echo['store'] ?? false,
      previous_response_id: echo['previous_response_id'] ?? null,
      metadata: echo['metadata'] ?? {},
      safety_identifier: echo['safety_identifier'] ?? null,
      user: echo['user'] ?? null,
    };
  }

  editResponse(response: JsonRecord, billing: Billing | null): JsonRecord {
    const { generationId: id, model, providerName: provider, routing } = this.context;
    const output: readonly unknown[] = Array.isArray(response['output']) ? response['output'] : [];
    return {
      ...response,
      ...this.echo,
      id,
      model,
      provider,
      output: output.map((item) => (isRecord(item) ? this.editItem(item) : item)),
      usage: billing && { ...foreignUsage(response), ...renderUsage(billing) },
      ...(billing && routingField(routing)),
    };
  }

  /** The item itself where nothing has to be changed. */
  editItem(item: JsonRecord): JsonRecord {
    if (item['type'] !== 'reasoning') return item;
    const data = item['encrypted_content'];
    const foreign = typeof data === 'string' && data !== '' && this.format !== RESPONSES_REASONING;
    if (!foreign && !this.hideReasoning) return item;
    const edited: JsonRecord = foreign ? { ...item, encrypted_content: this.seal(item['id'], data) } : { ...item };
    if (!this.hideReasoning) return edited;
    const { content: _content, ...rest } = edited;
    return { ...rest, summary: [] };
  }

  /** Events that only bring text of reasoning which the client does not want to see. */
  isHidden(type: string, event: JsonRecord): boolean {
    if (!this.hideReasoning) return false;
    return type.startsWith('response.reasoning_') || recordOf(event['part'])['type'] === 'reasoning_text';
  }

  private seal(id: unknown, data: string): string {
    const named = typeof id === 'string' ? { id } : {};
    return sealOf({ ...named, type: 'reasoning.encrypted', data, format: this.format });
  }
}

/** Counts that only this provider has. Its own idea of the cost is none of the client's business: the bill is ours. */
function foreignUsage(response: JsonRecord): JsonRecord {
  const { cost_in_usd_ticks: _ticks, ...usage } = recordOf(response['usage']);
  return usage;
}
