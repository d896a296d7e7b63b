import { randomText } from '@switchyard/contracts';
import { ID_BYTES } from './core/subjects.js';

/** 22 random characters, 131 bits: cannot be guessed, so that knowing an id is the right to speak about it. */
export const randomId = (): string => randomText(ID_BYTES);
