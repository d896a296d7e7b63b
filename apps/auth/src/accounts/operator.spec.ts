import { CreateAccount, digestApiKey, ResolveKey } from '@switchyard/contracts';
import { startAuth, type AuthHarness } from '../testing/auth-harness.js';

describe('the operator', () => {
  let auth: AuthHarness;

  beforeAll(async () => {
    auth = await startAuth();
  }, 60_000);
  afterAll(async () => {
    await auth?.stop();
  }, 30_000);

  it('is one account, also when the first ones are opened at once', async () => {
    const made = await Promise.all(
      Array.from({ length: 8 }, (_, index) => auth.bus.rpc.call(CreateAccount, { name: `Account ${index}` })),
    );
    const operators = await Promise.all(
      made.map(async ({ managementKey }) => {
        const resolution = await auth.bus.rpc.call(ResolveKey, { digest: digestApiKey(managementKey, auth.pepper) });
        return resolution.status === 'active' && resolution.key.operator;
      }),
    );
    expect(operators.filter(Boolean)).toHaveLength(1);
  });
});
