export { ReceiptJwk, ReceiptKeySet, jwkOf, publicPartOf, signingKeyOf, thumbprintOf } from './keys.js';
export { RECEIPT_TYPE, Receipt, SignedReceipt } from './receipt.js';
export { ReceiptSigner, signedBytes } from './sign.js';
export { verifyReceipt } from './verify.js';
export type { Verification } from './verify.js';
