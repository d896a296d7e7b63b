import { GatewayError, type ReplyOf, type RequestOf, type Rpc } from '@switchyard/contracts';
import { z } from 'zod';

type Optional<Schema extends z.ZodType> = {
  [Key in keyof z.input<Schema>]-?: undefined extends z.input<Schema>[Key] ? Key : never;
}[keyof z.input<Schema>];

/** What a caller gives: the decoded request (bigint where the wire has a string), without the fields that have a default. */
export type CallOf<Contract extends Rpc> = Omit<RequestOf<Contract>, Optional<Contract['request']>> &
  Partial<RequestOf<Contract>>;

const callSchemas = new WeakMap<Rpc, z.ZodType>();

/** Encoding does not fill in defaults, so for a caller the fields that have one are optional; the callee fills them in. */
function callSchema(contract: Rpc): z.ZodType {
  const known = callSchemas.get(contract);
  if (known) return known;
  const schema = contract.request instanceof z.ZodObject ? withOptionalDefaults(contract.request) : contract.request;
  callSchemas.set(contract, schema);
  return schema;
}

function withOptionalDefaults(schema: z.ZodObject): z.ZodObject {
  const optional: Record<string, true> = {};
  for (const [name, field] of Object.entries(schema.shape)) if (field._zod.optin !== undefined) optional[name] = true;
  return schema.partial(optional as Record<string, true> & Record<number, never>);
}

/** @throws GatewayError `internal` when the caller breaks the contract, which is a fault of ours. */
export function encodeRequest<Contract extends Rpc>(contract: Contract, request: CallOf<Contract>): string {
  const encoded = z.safeEncode(callSchema(contract), request);
  if (!encoded.success) throw brokenContract(contract, 'request', encoded.error);
  return JSON.stringify(encoded.data);
}

/** @throws GatewayError `invalid_request` with the path of each fault; values are never quoted. */
export function decodeRequest<Contract extends Rpc>(contract: Contract, request: unknown): RequestOf<Contract> {
  const decoded = contract.request.safeParse(request);
  if (decoded.success) return decoded.data as RequestOf<Contract>;
  throw new GatewayError('invalid_request', { message: `${contract.subject}: ${describe(decoded.error)}` });
}

/** @throws GatewayError `internal` when the handler broke the contract. */
export function encodeReply<Contract extends Rpc>(contract: Contract, reply: ReplyOf<Contract>): unknown {
  const encoded = z.safeEncode(contract.reply, reply);
  if (!encoded.success) throw brokenContract(contract, 'reply', encoded.error);
  return encoded.data;
}

/** @throws Error when the reply is not what the contract says. */
export function decodeReply<Contract extends Rpc>(contract: Contract, reply: unknown): ReplyOf<Contract> {
  const decoded = contract.reply.safeParse(reply);
  if (decoded.success) return decoded.data as ReplyOf<Contract>;
  throw new Error(`broken reply to ${contract.subject}: ${describe(decoded.error)}`);
}

const brokenContract = (contract: Rpc, side: string, error: z.ZodError): GatewayError =>
  new GatewayError('internal', {
    cause: new Error(`${contract.subject}: the ${side} breaks the contract: ${describe(error)}`),
  });

const describe = (error: z.ZodError): string =>
  error.issues
    .slice(0, 5)
    .map((issue) => `${issue.path.map(String).join('.') || '(whole)'}: ${issue.message}`)
    .join('; ');
