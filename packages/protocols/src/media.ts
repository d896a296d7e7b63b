import type { MediaSource } from '@switchyard/contracts';

/** Reads a base64 data URL; undefined for anything else. Cuts instead of matching, because the text may have megabytes. */
export function base64SourceOf(
  url: string,
): { readonly kind: 'base64'; readonly mediaType: string; readonly data: string } | undefined {
  if (!url.startsWith('data:')) return undefined;
  const comma = url.indexOf(',');
  if (comma < 0 || comma > 256) return undefined;
  const [mediaType = '', ...parameters] = url.slice('data:'.length, comma).split(';');
  if (!parameters.includes('base64')) return undefined;
  return { kind: 'base64', mediaType: mediaType || 'text/plain', data: url.slice(comma + 1) };
}

export const urlOfSource = (source: MediaSource): string =>
  source.kind === 'base64'
    ? `data:${source.mediaType};base64,${source.data}`
    : source.kind === 'url'
      ? source.url
      : source.id;

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
  heic: 'image/heic',
  pdf: 'application/pdf',
  txt: 'text/plain',
  mp4: 'video/mp4',
  mov: 'video/quicktime',
  webm: 'video/webm',
  mpeg: 'video/mpeg',
};

/** A media type guessed from the path of a URL, where a format demands one. */
export function mediaTypeOfUrl(url: string, fallback: string): string {
  const path = url.split(/[?#]/, 1)[0] ?? '';
  return MEDIA_TYPES[path.slice(path.lastIndexOf('.') + 1).toLowerCase()] ?? fallback;
}
