import type { z } from 'zod';

/**
 * What the bytes of an entry or a message say in JSON.
 * @throws Error when they are no JSON, or none that follows the schema.
 */
export const readJson = <Schema extends z.ZodType>(schema: Schema, bytes: Uint8Array): z.output<Schema> =>
  schema.parse(JSON.parse(new TextDecoder().decode(bytes)));
