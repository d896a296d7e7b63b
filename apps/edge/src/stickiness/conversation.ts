import { createHmac, createSecretKey } from 'node:crypto';
import type { Hmac, KeyObject } from 'node:crypto';
import type { CompletionRequest, ContentPart } from '@switchyard/contracts';

/** More of a text does not tell conversations apart that begin alike so far. */
const MAX_TEXT_CHARACTERS = 65_536;
const MAX_MEDIA_CHARACTERS = 256;
const DIGEST_BYTES = 24;

/** Which conversation a request belongs to (spec 3.7), as a digest: without the deployment's secret nobody can tell one by it. */
export interface Conversation {
  /** Its client names it itself. */
  readonly named: boolean;
  /** Base64url: a legal key of a bucket. */
  readonly digest: string;
}

/**
 * The conversation of a request: by its session, else by `prompt_cache_key`, else by what it begins with, which is the first system
 * or developer message and the first other one.
 * @param sessionId of the body or of the header
 */
export function conversationOf(request: CompletionRequest, sessionId: string | null, secret: KeyObject): Conversation {
  return new LazyConversation(request, sessionId, secret);
}

/** Its digest is made for who asks: most conversations are neither looked up nor kept. */
class LazyConversation implements Conversation {
  private made: string | null = null;

  constructor(
    private readonly request: CompletionRequest,
    private readonly sessionId: string | null,
    private readonly secret: KeyObject,
  ) {}

  get named(): boolean {
    return Boolean(this.sessionId);
  }

  get digest(): string {
    return (this.made ??= digestOf(this.request, this.sessionId, this.secret));
  }
}

function digestOf(request: CompletionRequest, sessionId: string | null, secret: KeyObject): string {
  const hmac = createHmac('sha256', secret);
  if (sessionId) hmac.update(`session\0${sessionId}`);
  else if (request.promptCacheKey) hmac.update(`cache\0${request.promptCacheKey}`);
  else begins(hmac, request);
  return shortened(hmac);
}

/** Where the place of a conversation with one model is kept. */
export function pinKey({ digest }: Conversation, accountId: string, model: string, secret: KeyObject): string {
  return shortened(createHmac('sha256', secret).update(`pin\0${accountId}\0${model}\0${digest}`));
}

/** The secret of all digests here: that of the deployment, for this purpose alone. */
export const secretOf = (pepper: string): KeyObject =>
  createSecretKey(createHmac('sha256', pepper).update('stickiness').digest());

const shortened = (hmac: Hmac): string => hmac.digest().subarray(0, DIGEST_BYTES).toString('base64url');

function begins(hmac: Hmac, { messages }: CompletionRequest): void {
  const isSystem = ({ role }: { readonly role: string }): boolean => role === 'system' || role === 'developer';
  const system = messages.find(isSystem);
  const first = messages.find((message) => !isSystem(message));
  for (const message of [system, first]) {
    hmac.update(`\0message\0${message?.role ?? ''}`);
    for (const part of message?.content ?? []) hmac.update(`\0${part.type}\0`).update(gist(part));
  }
}

function gist(part: ContentPart): string {
  if (part.type === 'text') return part.text.slice(0, MAX_TEXT_CHARACTERS);
  if (part.type === 'audio') return media(part.data);
  const { source } = part;
  return media(source.kind === 'url' ? source.url : source.kind === 'base64' ? source.data : source.id);
}

const media = (text: string): string => `${text.length}\0${text.slice(0, MAX_MEDIA_CHARACTERS)}`;
