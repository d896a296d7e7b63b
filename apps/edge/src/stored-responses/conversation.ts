import { GatewayError } from '@switchyard/contracts';

export type Json = Record<string, unknown>;

/** A response with everything that was said until it: one reading is enough to go on, and nothing that is deleted leaves a gap. */
export interface StoredResponse {
  /** As its client got it. */
  readonly response: Json;
  /** What it answers: the items of earlier turns, and those of its own request. */
  readonly input: readonly unknown[];
}

const PAGE = { usual: 20, most: 100 } as const;

/** The items that a client sent; a text is a message of the user. */
export function itemsOf(input: unknown): readonly unknown[] {
  if (typeof input === 'string')
    return [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: input }] }];
  return Array.isArray(input) ? input : [];
}

/** What a next turn begins with. */
export const spokenUntil = ({ response, input }: StoredResponse): readonly unknown[] => [
  ...input,
  ...itemsOf(response['output']),
];

export const encodeStored = (stored: StoredResponse): Buffer => Buffer.from(JSON.stringify(stored));

/** Null for bytes that are none. */
export function decodeStored(bytes: Buffer): StoredResponse | null {
  try {
    const stored = JSON.parse(bytes.toString('utf8')) as StoredResponse;
    return isObject(stored.response) && Array.isArray(stored.input) ? stored : null;
  } catch {
    return null;
  }
}

const DATA = 'data:';
const LAST = ['response.completed', 'response.incomplete'];

/** The response in the bytes that its client got; null when there is none in them. */
export function responseIn(bytes: Buffer, streamed: boolean): Json | null {
  const text = bytes.toString('utf8');
  if (!streamed) return objectIn(text);
  for (const line of text.split('\n').reverse()) {
    const event = line.startsWith(DATA) ? objectIn(line.slice(DATA.length).trim()) : null;
    if (event && LAST.includes(String(event['type']))) return isObject(event['response']) ? event['response'] : null;
  }
  return null;
}

function objectIn(text: string): Json | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const ID_PREFIXES: Readonly<Record<string, string>> = {
  message: 'msg',
  function_call: 'fc',
  function_call_output: 'fco',
  reasoning: 'rs',
};

/** Items of a request have no ids; in a list each needs one, and the same one at every look. */
function withId(item: unknown, responseId: string, index: number): Json {
  const known = isObject(item) ? item : {};
  const type = typeof known['type'] === 'string' ? known['type'] : 'message';
  const random = responseId.slice(responseId.lastIndexOf('-') + 1);
  return { id: `${ID_PREFIXES[type] ?? 'item'}_${random}_${index}`, type, ...known };
}

/** One page of OpenAI's `GET /responses/{id}/input_items`, newest first unless told otherwise. @throws GatewayError `invalid_request` */
export function inputItemsPage(responseId: string, { input }: StoredResponse, query: Json): Json {
  const limit = limitOf(query['limit']);
  const order = query['order'] ?? 'desc';
  if (order !== 'asc' && order !== 'desc') throw invalid('order', 'must be asc or desc');
  const items = input.map((item, index) => withId(item, responseId, index));
  if (order === 'desc') items.reverse();
  const { after } = query;
  const start = after === undefined ? 0 : items.findIndex(({ id }) => id === after) + 1;
  if (after !== undefined && start === 0) throw invalid('after', 'there is no such item');
  const data = items.slice(start, start + limit);
  return {
    object: 'list',
    data,
    first_id: data[0]?.['id'] ?? null,
    last_id: data.at(-1)?.['id'] ?? null,
    has_more: start + data.length < items.length,
  };
}

function limitOf(value: unknown): number {
  if (value === undefined) return PAGE.usual;
  const limit = Number(value);
  if (Number.isInteger(limit) && limit >= 1 && limit <= PAGE.most) return limit;
  throw invalid('limit', `must be a whole number from 1 to ${PAGE.most}`);
}

export const invalid = (path: string, message: string): GatewayError =>
  new GatewayError('invalid_request', { message: `${path}: ${message}`, metadata: { path } });
