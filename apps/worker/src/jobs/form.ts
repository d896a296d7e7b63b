import type { UpstreamFile } from '@switchyard/protocols';
import { FormData } from 'undici';

/** A request as a form: a list is a field for each of its members, whose name ends in `[]`. */
export function formOf(fields: Readonly<Record<string, unknown>>, files: readonly UpstreamFile[]): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    if (Array.isArray(value)) for (const each of value) form.append(`${name}[]`, textOf(each));
    else if (value !== undefined && value !== null) form.append(name, textOf(value));
  }
  for (const { field, filename, contentType, bytes } of files)
    form.append(field, new Blob([bytes], { type: contentType }), filename);
  return form;
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
