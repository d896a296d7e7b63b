import { Buffer } from 'node:buffer';
import type { ReasoningDetail } from '@switchyard/contracts';
import { GEMINI_REASONING } from '../../gemini/wire.js';
import { detailOf, tagOf } from '../common/reasoning-tag.js';

/** The wrapped reasoning of another provider as a thought signature, which has to be base64. */
export const signatureOf = (detail: ReasoningDetail): string => Buffer.from(tagOf(detail)).toString('base64');

/** What {@link signatureOf} wrapped; null for a signature of Google's own. */
export const wrappedDetail = (signature: string): ReasoningDetail | null =>
  signature.startsWith(WRAPPED) ? detailOf(Buffer.from(signature, 'base64').toString('utf8')) : null;

/** Base64 of `sy1`, which no signature of Google's begins with: theirs are serialised messages. */
const WRAPPED = Buffer.from('sy1').toString('base64');

export const isOwn = (detail: ReasoningDetail): boolean => detail.format === GEMINI_REASONING;
