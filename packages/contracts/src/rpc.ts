import type { z } from 'zod';

/** A question that one service answers: `<service>.v<major>.rpc.<noun>.<verb>`, verb in the imperative. */
export interface Rpc<Request extends z.ZodType = z.ZodType, Reply extends z.ZodType = z.ZodType> {
  readonly kind: 'rpc';
  readonly subject: string;
  readonly request: Request;
  readonly reply: Reply;
}

/** Something that happened: `<service>.v<major>.event.<noun>.<verb>`, verb in the past participle; an id may follow in the subject. */
export interface Event<Payload extends z.ZodType = z.ZodType> {
  readonly kind: 'event';
  readonly subject: string;
  readonly payload: Payload;
}

export const rpc = <Request extends z.ZodType, Reply extends z.ZodType>(
  subject: string,
  request: Request,
  reply: Reply,
): Rpc<Request, Reply> => ({ kind: 'rpc', subject, request, reply });

export const event = <Payload extends z.ZodType>(subject: string, payload: Payload): Event<Payload> => ({
  kind: 'event',
  subject,
  payload,
});

/** What a handler of the contract receives (decoded: bigint where the wire has a string). */
export type RequestOf<Contract extends Rpc> = z.output<Contract['request']>;
/** What a handler of the contract returns, before it is encoded for the wire. */
export type ReplyOf<Contract extends Rpc> = z.output<Contract['reply']>;
export type PayloadOf<Contract extends Event> = z.output<Contract['payload']>;
