import type { ProtocolId } from '@switchyard/contracts';
import type { Settings, Signing } from './settings.js';

/** A company, or a server of your own, with an API that speaks one of our protocols. Data only: no I/O, no credentials. */
export interface Provider {
  /** Lower case with dashes; also the name of its file. */
  readonly id: string;
  readonly name: string;
  /** The protocol of endpoints that name none. */
  readonly protocol: ProtocolId;
  /** Further protocols that it speaks, each below a path of its own, which is appended to the base URL. */
  readonly also?: readonly { readonly protocol: ProtocolId; readonly basePath: string }[];
  /** null: it must be configured. `{names}` in it are {@link Provider.settings}. */
  readonly baseUrl: string | null;
  readonly baseUrlVariable: string;
  readonly apiKeyVariable: string;
  /** Several keys instead of one, as JSON. */
  readonly apiKeysVariable: string;
  /** A worker does not start without a key, or what it can sign with instead. */
  readonly keyRequired: boolean;
  /** The headers, in lower case, that carry the key. */
  authorize(apiKey: string): Record<string, string>;
  /** Values of its address. */
  readonly settings?: Settings;
  /** How requests are proven without an API key. */
  readonly signing?: Signing;
  readonly quirks?: Quirks;
  /**
   * It goes on with an answer whose beginning is the last message: by itself (`turn`), or told so with vLLM's fields (`flags`). In its
   * own protocol alone; absent: it begins a new answer, or nobody says.
   */
  readonly prefill?: 'turn' | 'flags';
  /**
   * Closing the connection of a stream stops the bill: class A of the cancellation rules. Where it does not, a cancelled answer
   * is read to its end, because all of it will be billed.
   */
  readonly stopsBillingOnAbort: boolean;
  /** Where that is said, and when it was read. */
  readonly source: Source;
  /** Where its address, its credentials and its quirks are described. */
  readonly documentation?: Source;
  /** Folders of recorded exchanges that prove it. */
  readonly recordings?: readonly string[];
}

/** A public page, and the day on which it said so. */
export interface Source {
  readonly url: string;
  readonly date: string;
}

/**
 * How a provider differs from its protocol: a short closed list; fields are those of the top level of the body, in this order. What does
 * not fit here three times over needs a protocol of its own.
 */
export interface Quirks {
  /** Field names by what the protocol calls them. A field that is already there under the new name stays. */
  readonly rename?: Readonly<Record<string, string>>;
  /** Fields that it refuses. */
  readonly omit?: readonly string[];
  /**
   * Where it can only be told to think or not to, instead of an effort: `thinking: {type: "enabled" | "disabled"}`, or
   * `enable_thinking: true | false`.
   */
  readonly reasoningSwitch?: 'thinking' | 'enable_thinking';
  /** Where it reads the reasoning of earlier turns in an assistant message; without one that reasoning is left out. */
  readonly reasoningField?: string;
  /** Paths by what the protocol calls them. */
  readonly paths?: Readonly<Record<string, string>>;
  /** Fields that it needs, unless the request has them. */
  readonly defaults?: Readonly<Record<string, unknown>>;
}

type Definition = Omit<Provider, 'baseUrlVariable' | 'apiKeyVariable' | 'apiKeysVariable' | 'keyRequired'> & {
  readonly keyRequired?: boolean;
  readonly apiKeyVariable?: string;
};

/** A provider whose variables follow from its id: `OPENAI_BASE_URL`, `OPENAI_API_KEY`; its own tools may know the key by another name. */
export function defineProvider(definition: Definition): Provider {
  const prefix = definition.id.toUpperCase().replaceAll('-', '_');
  return Object.freeze({
    keyRequired: true,
    apiKeyVariable: `${prefix}_API_KEY`,
    ...definition,
    baseUrlVariable: `${prefix}_BASE_URL`,
    apiKeysVariable: `${prefix}_API_KEYS`,
  });
}
