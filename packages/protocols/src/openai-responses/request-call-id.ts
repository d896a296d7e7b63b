import { createHash } from 'node:crypto';

/** Longer ids are refused by OpenAI. */
const MAX_CALL_ID = 64;

/** Ids of other makers fit after the same change on both sides: the call and its result still name each other. */
export const renderCallId = (id: string): string =>
  id.length <= MAX_CALL_ID ? id : `call_${createHash('sha256').update(id).digest('hex').slice(0, 32)}`;
