import type { JsonRecord } from '../json.js';
import { textOf } from '../json.js';

const MS = 1_000;
const SECOND = 60;

/** `00:00:01,500`: hours, minutes, seconds and thousandths, the latter behind a mark of the format's own. */
function clock(value: unknown, mark: string): string {
  const ms = Math.max(0, Math.round((typeof value === 'number' && Number.isFinite(value) ? value : 0) * MS));
  const seconds = Math.floor(ms / MS);
  const parts = [Math.floor(seconds / SECOND / SECOND), Math.floor(seconds / SECOND) % SECOND, seconds % SECOND];
  return `${parts.map((part) => String(part).padStart(2, '0')).join(':')}${mark}${String(ms % MS).padStart(3, '0')}`;
}

/** A blank line would end a caption before its time, also one that is made of spaces or ends as another system's do. */
const lineOf = ({ text }: JsonRecord): string =>
  (textOf(text) ?? '')
    .split(/[\r\n]/)
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .join('\n');

/** Segments as SubRip subtitles. */
export const srtOf = (segments: readonly JsonRecord[]): string =>
  segments
    .map(
      (segment, index) =>
        `${index + 1}\n${clock(segment['start'], ',')} --> ${clock(segment['end'], ',')}\n${lineOf(segment)}\n\n`,
    )
    .join('');

/** Segments as WebVTT (w3.org/TR/webvtt1). */
export const vttOf = (segments: readonly JsonRecord[]): string =>
  `WEBVTT\n\n${segments
    .map((segment) => `${clock(segment['start'], '.')} --> ${clock(segment['end'], '.')}\n${lineOf(segment)}\n\n`)
    .join('')}`;
