import { connectBus, type Bus } from '@switchyard/bus';
import { CreateAccount, CreateDeposit, CreateKey } from '@switchyard/contracts';

const OPTIONS = { timeoutMs: 15_000 } as const;

export interface Tenant {
  readonly accountId: string;
  readonly managementKey: string;
  readonly apiKey: string;
}

/** Makes accounts and keys as the runner does for its own: over the bus, past the public API. */
export class Tenants {
  private constructor(private readonly bus: Bus) {}

  static async connect(natsUrl: string): Promise<Tenants> {
    return new Tenants(await connectBus({ servers: natsUrl, name: 'tenants' }));
  }

  /** An account with one key and so much credit. */
  async create(name: string, creditNanos: bigint): Promise<Tenant> {
    const { accountId, managementKey } = await this.bus.rpc.call(CreateAccount, { name }, OPTIONS);
    const { secret: apiKey } = await this.key(accountId, { name });
    if (creditNanos > 0n) await this.deposit(accountId, creditNanos, `first-${accountId}`);
    return { accountId, managementKey, apiKey };
  }

  key(accountId: string, settings: { readonly name: string; readonly limitNanos?: bigint }) {
    return this.bus.rpc.call(CreateKey, { accountId, kind: 'inference', ...settings }, OPTIONS);
  }

  async deposit(accountId: string, amountNanos: bigint, externalId: string): Promise<void> {
    await this.bus.rpc.call(CreateDeposit, { accountId, amountNanos, source: 'test', externalId, note: null }, OPTIONS);
  }

  close(): Promise<void> {
    return this.bus.close();
  }
}
