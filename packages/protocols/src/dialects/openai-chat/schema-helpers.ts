import { z } from 'zod';

/** `null` means absent everywhere in this dialect: clients fill in nulls for what they do not set. */
export const optional = <Schema extends z.ZodType>(schema: Schema) =>
  schema.nullish().transform((value): z.output<Schema> | undefined => value ?? undefined);

export const MAX_PARTS = 10_000;
export const MAX_NAME_LENGTH = 256;
