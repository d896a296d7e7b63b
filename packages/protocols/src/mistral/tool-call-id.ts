import { createHash } from 'node:crypto';

const ID_LENGTH = 9;
const VALID = new RegExp(`^[A-Za-z0-9]{${ID_LENGTH}}$`);

/**
 * An id that Mistral takes: nine letters and digits, or it refuses the request (error 3280). Ids of other providers become the same
 * one each time, so that call and result still meet.
 */
export const renderToolId = (id: string): string =>
  VALID.test(id)
    ? id
    : createHash('sha256').update(id).digest('base64url').replaceAll('-', '0').replaceAll('_', '1').slice(0, ID_LENGTH);
