/** Of which generation an answer tells now, and when that was. */
export interface Replayed {
  readonly sourceId: string;
  readonly id: string;
  /** Unix seconds. */
  readonly createdS: number;
}

type Json = Record<string, unknown>;

const CREATED = ['created', 'created_at', 'completed_at'];
const USAGE = ['usage', 'usageMetadata'];
/** Where formats keep what they say of an answer: at the top, or in one of these. */
const HEADS = ['response', 'message'];
const DATA = 'data:';

/**
 * The bytes of a cached answer as those of a new generation (spec 3.10): with its id and its time, and without usage, because nothing was
 * used. Everything else is as it was, event by event.
 */
export function replayed(body: Buffer, streamed: boolean, as: Replayed): Buffer {
  const text = renamed(body.toString('utf8'), as);
  if (!streamed) return Buffer.from(refreshedText(text, as));
  const lines = text.split('\n').map((line) => {
    if (!line.startsWith(DATA)) return line;
    const data = line.slice(DATA.length);
    return `${DATA} ${refreshedText(data.trim(), as)}${data.endsWith('\r') ? '\r' : ''}`;
  });
  return Buffer.from(lines.join('\n'));
}

/** The random end of an id is also in the ids of what an answer consists of; no text of a model holds it. */
const renamed = (text: string, { sourceId, id }: Replayed): string =>
  text.replaceAll(sourceId, id).replaceAll(randomOf(sourceId), randomOf(id));

const randomOf = (generationId: string): string => generationId.slice(generationId.lastIndexOf('-') + 1);

/** What is no JSON object (`[DONE]`) stays as it is. */
function refreshedText(text: string, as: Replayed): string {
  if (!text.startsWith('{')) return text;
  return JSON.stringify(refreshed(JSON.parse(text) as Json, as));
}

function refreshed(value: Json, as: Replayed): Json {
  const fresh: Json = { ...value };
  for (const field of CREATED) if (typeof fresh[field] === 'number') fresh[field] = as.createdS;
  for (const field of USAGE) if (isObject(fresh[field])) fresh[field] = zeroed(fresh[field]);
  for (const field of HEADS) if (isObject(fresh[field])) fresh[field] = refreshed(fresh[field], as);
  delete fresh['openrouter_metadata'];
  return fresh;
}

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The same shape with nothing but zeros: clients check that every count is there. */
const zeroed = (value: unknown): unknown => {
  if (typeof value === 'number') return 0;
  if (Array.isArray(value)) return value.map(zeroed);
  return isObject(value)
    ? Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, zeroed(inner)]))
    : value;
};
