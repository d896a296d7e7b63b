import { checkBroker, checkDatabase } from './reachable.js';
import { UsageError } from './options.js';

describe('servers that run elsewhere', () => {
  it.each(['hello', '', 'nats://', 'http://[half'])('%j is refused as NATS_URL by name', async (url) => {
    await expect(checkBroker(url)).rejects.toThrow(UsageError);
    await expect(checkBroker(url)).rejects.toThrow(/^NATS_URL/);
  });

  it.each(['hello', 'postgres://u:hush@127.0.0.1:1/x', 'http://[half'])(
    '%j is refused as DATABASE_URL by name, without its password',
    async (url) => {
      await expect(checkDatabase(url)).rejects.toThrow(UsageError);
      await expect(checkDatabase(url)).rejects.toThrow(/^DATABASE_URL(?!.*hush)/);
    },
  );
});
