/** A request as it will be sent, for a signature to cover. */
export interface OutgoingRequest {
  readonly method: 'POST';
  readonly url: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * Gives the headers, in lower case, that prove who asks; they are added to those of the request. Asked anew for each call, because a
 * signature covers the time and a token runs out. What takes long ends with the signal.
 * @throws NotAuthorized
 */
export type Authorizer = (request: OutgoingRequest, signal: AbortSignal) => Promise<Readonly<Record<string, string>>>;

/** There are no credentials to call the provider with: those that are configured were refused or cannot be read. */
export class NotAuthorized extends Error {
  override readonly name = 'NotAuthorized';
}
