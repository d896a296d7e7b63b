/** Older servers accept settings that they then ignore: key TTLs, `sync_interval`, several filter subjects. */
const MINIMUM = [2, 10] as const;

/**
 * Refuses a broker that is older than 2.10.
 * @throws Error that names both versions.
 */
export function assertServerVersion(version: string | undefined): void {
  const [major = 0, minor = 0] = (version ?? '').split('.').map((part) => Number.parseInt(part, 10));
  if (major > MINIMUM[0] || (major === MINIMUM[0] && minor >= MINIMUM[1])) return;
  throw new Error(`nats-server ${version ?? 'of an unknown version'} is too old: 2.10 or newer is needed`);
}
