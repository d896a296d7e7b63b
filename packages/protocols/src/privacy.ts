import { createHash } from 'node:crypto';

/** Providers learn that two requests have the same end user, never who it is (spec 2.2: `user` is hashed before it leaves). */
export const hashedUser = (user: string): string => createHash('sha256').update(user).digest('hex').slice(0, 32);
