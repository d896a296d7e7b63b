const MASK = '***';

/** Shapes of credentials that providers are known to echo in error messages; each keeps its prefix, so that a reader knows what stood there. */
const PATTERNS: readonly RegExp[] = [
  /\b((?:sk|pk|rk|gsk|xai|csk|fw|nvapi|pplx|hf|tgp|key)[-_])[A-Za-z0-9_\-.*]{6,512}/g,
  /\b(AIza)[A-Za-z0-9_-]{10,128}/g,
  /\b(AKIA|ASIA)[A-Z0-9]{12,32}/g,
  /\b(ya29\.)[A-Za-z0-9_-]{10,1024}/g,
  /\b(eyJ)[A-Za-z0-9_-]{8,4096}\.[A-Za-z0-9_-]{4,4096}(?:\.[A-Za-z0-9_-]{0,4096})?/g,
  /\b(Bearer\s{1,4})[A-Za-z0-9_\-.~+/=]{6,4096}/gi,
  /((?:x-api-key|x-goog-api-key|api[-_ ]?key|authorization|access[-_]?token|secret)["']?\s{0,4}[:=]\s{0,4}["']?(?:Bearer\s{1,4})?)[A-Za-z0-9_\-.~+/=]{6,4096}/gi,
];

/** Replaces what looks like a credential, and every given secret. Linear in the text. */
export function maskSecrets(text: string, secrets: readonly string[] = []): string {
  let masked = text;
  for (const secret of secrets) if (secret.length >= 6) masked = masked.replaceAll(secret, MASK);
  for (const pattern of PATTERNS) masked = masked.replace(pattern, (_match, prefix: string) => prefix + MASK);
  return masked;
}
