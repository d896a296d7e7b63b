import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { GatewayError, GenerationId } from '@switchyard/contracts';
import type { ApiKey } from '@switchyard/contracts';
import { AnswerTape } from '../completions/answer-tape.js';
import { EdgeConfig } from '../config.js';
import { MULTIMODAL_BODY_LIMIT_BYTES } from '../http/access.js';
import type { OnAnswer } from '../response-cache/response-cache.service.js';
import { VaultService } from '../vault/vault.service.js';
import type { Place } from '../vault/vault.service.js';
import { decodeStored, encodeStored, invalid, itemsOf, responseIn, spokenUntil } from './conversation.js';
import type { Json, StoredResponse } from './conversation.js';

/** A request of the Responses API as it goes on from here. */
export interface Continued {
  /** With the conversation before it. */
  readonly body: unknown;
  /** Whether it speaks of stored responses: its answer is then one of a kind. */
  readonly stateful: boolean;
  /** Where its answer is recorded, to be stored; null when it is not. */
  readonly tape: AnswerTape | null;
  readonly onAnswer?: OnAnswer;
}

const SECONDS_PER_DAY = 86_400;
const MAX_RESPONSE_BYTES = 16 * 1024 * 1024;
/** Another edge's response may still be on its way into the vault: it is asked for this often, with this much in between. */
const LOOK_UPS = 6;
const LOOK_UP_PAUSE_MS = 250;
/** Older ids are either stored or do not exist. */
const FRESH_S = 60;

/** OpenAI's `store` and `previous_response_id`, for the keys whose owner switched them on. Without that nothing is stored (spec 2.10). */
@Injectable()
export class StoredResponses {
  private readonly logger = new Logger(StoredResponses.name);
  /** On their way into the vault. */
  private readonly saving = new Map<string, { readonly stored: StoredResponse; readonly over: Promise<void> }>();

  constructor(
    private readonly vault: VaultService,
    private readonly config: EdgeConfig,
  ) {}

  /**
   * Puts the conversation before the input of a request, and sees to it that the answer is stored. As at OpenAI a response is stored
   * unless `store` is false.
   * @throws GatewayError `invalid_request` where nothing is stored; `previous_response_not_found`; `payload_too_large`;
   * `service_unavailable`: without its conversation a request is not answered
   */
  async continue(key: ApiKey, body: unknown): Promise<Continued> {
    if (!isObject(body)) return { body, stateful: false, tape: null };
    const { store, previous_response_id: previousId } = body;
    if (key.storeResponses !== true || !this.vault.configured) {
      if (store === true) throw invalid('store', NOT_STORED);
      if (present(previousId)) throw invalid('previous_response_id', NOT_STORED);
      return { body, stateful: false, tape: null };
    }
    const before = present(previousId) ? await this.before(key, previousId) : [];
    const input = before.length === 0 ? body['input'] : [...before, ...itemsOf(body['input'])];
    const keeps = !present(store) || store === true;
    // What is no `store` at all is for the parser to refuse.
    const whole = { ...body, input, ...(!present(store) && { store: true }) };
    if (before.length > 0) assertFits(whole);
    if (!keeps) return { body: whole, stateful: present(previousId), tape: null };
    const tape = new AnswerTape(MAX_RESPONSE_BYTES);
    const onAnswer: OnAnswer = ({ id, request }, { error, cancelled, delivered }) => {
      const content = error || cancelled || !delivered ? null : tape.content();
      const response = content && responseIn(content, request.stream);
      if (response) this.save(key, id, { response, input: itemsOf(input) });
    };
    return { body: whole, stateful: true, tape, onAnswer };
  }

  /** A response of the caller's account. @throws GatewayError `not_found`, `service_unavailable` */
  async find(key: ApiKey, id: string): Promise<StoredResponse> {
    const found = await this.lookUp(key, id);
    if (!found) throw notFound();
    return found;
  }

  /** @throws GatewayError `not_found`, `service_unavailable` */
  async remove(key: ApiKey, id: string): Promise<void> {
    await this.find(key, id);
    const { accountId, kind, address } = this.placeOf(key, id);
    // One that is still being stored would be there again a moment later.
    await this.saving.get(address)?.over;
    if ((await this.vault.erase(accountId, { kind, address })) === 0) throw notFound();
  }

  private async before(key: ApiKey, previousId: unknown): Promise<readonly unknown[]> {
    const found = typeof previousId === 'string' ? await this.lookUp(key, previousId) : null;
    if (!found) throw new GatewayError('previous_response_not_found', { metadata: { path: 'previous_response_id' } });
    return spokenUntil(found);
  }

  private async lookUp(key: ApiKey, id: string): Promise<StoredResponse | null> {
    if (!this.vault.configured || !GenerationId.safeParse(id).success) return null;
    const place = this.placeOf(key, id);
    const ageS = Date.now() / 1_000 - Number(id.slice(4, 14));
    const lookUps = ageS < FRESH_S ? LOOK_UPS : 1;
    for (let lookUp = 1; ; lookUp += 1) {
      const saving = this.saving.get(place.address);
      if (saving) return saving.stored;
      const content = await this.vault.get(place);
      if (content) return decodeStored(content);
      if (lookUp >= lookUps) return null;
      await sleep(LOOK_UP_PAUSE_MS);
    }
  }

  private save(key: ApiKey, id: string, stored: StoredResponse): void {
    const place = this.placeOf(key, id);
    const over = this.put(place, id, stored).finally(() => this.saving.delete(place.address));
    this.saving.set(place.address, { stored, over });
  }

  /** Never rejects: its client has the answer already. */
  private async put(place: Place, id: string, stored: StoredResponse): Promise<void> {
    try {
      const kept = await this.vault.put(place, encodeStored(stored), this.config.RESPONSE_STORE_DAYS * SECONDS_PER_DAY);
      if (!kept) this.logger.warn(`the response ${id} is too large to be stored, or too many are being stored`);
    } catch (error) {
      this.logger.warn(`the response ${id} could not be stored: ${(error as Error).message}`);
    }
  }

  /** Of the account, not of the key: each of its keys may go on with a conversation. */
  private placeOf({ accountId }: ApiKey, id: string): Place {
    const tenant = { accountId, kind: 'response', keyId: null } as const;
    return { ...tenant, address: this.vault.address(tenant, [id]) };
  }
}

const NOT_STORED =
  'nothing is stored for this key: send the whole conversation and store false, or have store_responses switched on for the key';

const notFound = (): GatewayError => new GatewayError('not_found', { message: 'Response not found.' });

const present = (value: unknown): boolean => value !== undefined && value !== null;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A conversation has no more room than a request that carries it. */
function assertFits(body: Json): void {
  if (Buffer.byteLength(JSON.stringify(body)) > MULTIMODAL_BODY_LIMIT_BYTES)
    throw new GatewayError('payload_too_large', {
      message: `The conversation may have at most ${MULTIMODAL_BODY_LIMIT_BYTES} bytes.`,
    });
}
