import type { CompletionEvent } from '@switchyard/contracts';
import { arrayOf, compact, isRecord, recordOf, recordsOf, textOf } from '../json.js';
import type { JsonRecord } from '../json.js';

/** A source that a searching model has read. */
export interface Source {
  readonly url: string;
  readonly title: string;
  readonly content: string | undefined;
}

const MAX_SOURCES = 256;
const MAX_ANNOTATIONS = 1024;
/** Beyond this an answer keeps its sources, but their positions are not looked for. */
export const MAX_TEXT_FOR_CITATIONS = 4 * 1024 * 1024;

/**
 * The sources that Perplexity lists beside the choices: `search_results` with titles, or only the addresses as `citations`. Both
 * are in the order in which the text refers to them (docs.perplexity.ai/api-reference/chat-completions-post).
 */
export function sourcesOf(chunk: JsonRecord): readonly Source[] {
  const results = recordsOf(chunk['search_results']).map((result) => ({
    url: textOf(result['url']) ?? '',
    title: textOf(result['title']) ?? '',
    content: textOf(result['snippet']),
  }));
  const listed = results.length > 0 ? results : arrayOf(chunk['citations']).map(addressOnly);
  return listed.slice(0, MAX_SOURCES);
}

const addressOnly = (url: unknown): Source => ({ url: textOf(url) ?? '', title: '', content: undefined });

/**
 * Sources as `url_citation`: at each mark `[2]` that the text has for them, and for the whole text those that it never marks.
 * @param text the answer; undefined where it was not kept, then no position is known
 */
export function annotationsOf(sources: readonly Source[], text: string | undefined): readonly JsonRecord[] {
  const marks = [...(text ?? '').matchAll(/\[(\d{1,3})\]/g)].map((match) => ({
    source: Number(match[1]) - 1,
    start: match.index,
    end: match.index + match[0].length,
  }));
  const marked = new Set(marks.map((mark) => mark.source));
  const unmarked = [...sources.keys()].filter((source) => !marked.has(source));
  return [...marks, ...unmarked.map((source) => ({ source, start: 0, end: text?.length ?? 0 }))]
    .slice(0, MAX_ANNOTATIONS)
    .flatMap(({ source, start, end }) => {
      const found = sources[source];
      if (!found?.url) return [];
      const { url, title, content } = found;
      return [
        { type: 'url_citation', url_citation: compact({ url, title, content, start_index: start, end_index: end }) },
      ];
    });
}

/** A body whose first choice has the annotations that its reader made, unless it has some itself. */
export function withAnnotations(body: JsonRecord, events: readonly CompletionEvent[]): JsonRecord {
  const annotations = events.flatMap((event) => (event.type === 'annotation' ? [event.annotation] : []));
  const [first, ...others] = recordsOf(body['choices']);
  if (annotations.length === 0 || sourcesOf(body).length === 0 || !isRecord(first?.['message'])) return body;
  if (recordsOf(first['message']['annotations']).length > 0) return body;
  return { ...body, choices: [{ ...first, message: { ...first['message'], annotations } }, ...others] };
}

/** The annotations among the events of a chunk that do not stand in the chunk itself. */
export const madeAnnotations = (chunk: JsonRecord, events: readonly CompletionEvent[]): readonly CompletionEvent[] =>
  recordsOf(chunk['choices']).some((choice) => recordsOf(recordOf(choice['delta'])['annotations']).length > 0)
    ? []
    : events.filter((event) => event.type === 'annotation');
