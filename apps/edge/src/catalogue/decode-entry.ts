import { CatalogueModel, catalogueKey } from '@switchyard/contracts';
import { z } from 'zod';

/** One entry of the bucket, at most: far above any real model, far below what would hurt a process. */
export const MAX_ENTRY_BYTES = 500_000;

/**
 * Reads the value of a catalogue entry.
 * @throws Error that says what is wrong with it: not JSON, not a model, or a model under another model's key.
 */
export function decodeEntry(key: string, value: Uint8Array): CatalogueModel {
  if (value.byteLength > MAX_ENTRY_BYTES) throw new Error(`the entry has ${value.byteLength} bytes`);
  const model = decodeModel(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(value)));
  if (catalogueKey(model.id) !== key) throw new Error(`the entry is the model ${JSON.stringify(model.id)}`);
  const foreign = model.endpoints.find((endpoint) => endpoint.modelId !== model.id);
  if (foreign) throw new Error(`the endpoint ${JSON.stringify(foreign.id)} belongs to another model`);
  const ids = new Set(model.endpoints.map((endpoint) => endpoint.id));
  if (ids.size !== model.endpoints.length) throw new Error('two endpoints have the same id');
  return model;
}

function decodeModel(json: unknown): CatalogueModel {
  const result = CatalogueModel.safeDecode(json as z.input<typeof CatalogueModel>);
  if (result.success) return result.data;
  throw new Error(z.prettifyError(result.error).slice(0, 1_000), { cause: result.error });
}
