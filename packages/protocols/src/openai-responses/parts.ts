import type { CompletionEvent } from '@switchyard/contracts';
import { countOf, textOf } from '../json.js';
import type { JsonRecord } from '../json.js';
import { base64SourceOf } from '../media.js';

/** Only citations of web pages have a form in our dialects; those of files and containers have no address. */
export function annotationOf(annotation: JsonRecord, textStart: number): JsonRecord | undefined {
  const url = textOf(annotation['url']);
  if (annotation['type'] !== 'url_citation' || !url) return undefined;
  const start = countOf(annotation['start_index']) ?? 0;
  return {
    type: 'url_citation',
    url_citation: {
      url,
      title: textOf(annotation['title']) ?? '',
      start_index: textStart + start,
      end_index: textStart + Math.max(countOf(annotation['end_index']) ?? start, start),
    },
  };
}

/** The picture of an `image_generation_call`: bare base64 in the format that the item names. */
export function* imageOf(item: JsonRecord): Generator<CompletionEvent> {
  const result = textOf(item['result']);
  if (!result || /^https?:/.test(result.slice(0, 8))) return;
  const source = base64SourceOf(result);
  const mediaType = source?.mediaType ?? `image/${textOf(item['output_format']) ?? 'png'}`;
  yield { type: 'image-delta', choice: 0, mediaType, data: source?.data ?? result };
}
