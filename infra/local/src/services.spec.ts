import type { Surroundings } from './services.js';
import { configuredProviders, serviceDefinition, setupCommands, workerDefinition } from './services.js';

const around: Surroundings = {
  root: '/gateway',
  environment: {
    PATH: '/bin',
    CATALOGUE_FORCE: 'on',
    GRANT_DESPITE_VIOLATIONS: 'true',
    OPENAI_API_KEY: 'secret',
  },
  secrets: {
    keyPepper: 'pepper',
    ticketSecret: 'tickets',
    receiptKey: 'receipts',
    vaultSecret: 'vault',
    natsPassword: 'nats',
    databasePasswords: { auth: 'one', ledger: 'two', registry: 'three', vault: 'four' },
  },
  natsUrl: 'nats://127.0.0.1:4222',
  databaseUrlOf: (service) => `postgres://${service}@127.0.0.1/gateway`,
  sandboxUrl: 'http://127.0.0.1:9999',
  edgeStateDirectory: '/gateway/data/edges',
  localModelsFile: null,
};

/** Processes that would be started with a variable in their environment. */
function receiversOf(variable: string): string[] {
  const services = ['ledger', 'auth', 'registry', 'prober', 'vault', 'edge'].map((service) =>
    serviceDefinition(around, service, { port: 1 }),
  );
  return [...services, ...setupCommands(around, 'postgres://owner@127.0.0.1/gateway')]
    .filter(({ env }) => variable in env)
    .map(({ name }) => name);
}

describe('the environment of the processes', () => {
  it('has the settings of an operator where they are read, and nowhere else', () => {
    expect(receiversOf('GRANT_DESPITE_VIOLATIONS')).toEqual(['ledger']);
    expect(receiversOf('CATALOGUE_FORCE')).toEqual(['migrate-registry']);
  });

  it('lets edges and the ledger alone know under what tickets are made', () => {
    expect(receiversOf('TICKET_SECRET')).toEqual(['ledger', 'edge']);
  });

  it('lets edges alone sign receipts', () => {
    expect(receiversOf('RECEIPT_KEY')).toEqual(['edge']);
  });

  it('lets edges alone know under what entries of the vault are sealed, least of all the vault', () => {
    expect(receiversOf('VAULT_SECRET')).toEqual(['edge']);
  });

  it("never has a provider's key beside its worker", () => {
    expect(receiversOf('OPENAI_API_KEY')).toEqual([]);
  });

  it('gives a worker the variables that its provider shares with other tools, and no other worker', () => {
    const variables = {
      AWS_ACCESS_KEY_ID: 'id',
      AWS_SECRET_ACCESS_KEY_FILE: '/run/aws',
      AWS_REGION: 'eu-west-1',
      AWS_PROFILE: 'x',
    };
    const environment = { ...around.environment, ...variables };
    expect(configuredProviders(environment)).toEqual(expect.arrayContaining(['sandbox', 'openai', 'amazon-bedrock']));
    const namesFor = (provider: string) =>
      Object.keys(workerDefinition({ ...around, environment }, provider, { name: 'w', port: 1 }).env).filter((name) =>
        name.startsWith('AWS_'),
      );
    expect(namesFor('amazon-bedrock').toSorted()).toEqual([
      'AWS_ACCESS_KEY_ID',
      'AWS_REGION',
      'AWS_SECRET_ACCESS_KEY_FILE',
    ]);
    expect(namesFor('openai')).toEqual([]);
  });
});

describe('the memory of the processes', () => {
  const semiSpacesOf = (service: string) =>
    serviceDefinition(around, service, { port: 1 }).nodeArguments?.filter((argument) =>
      argument.includes('semi-space'),
    );

  it.each(['auth', 'prober', 'registry', 'vault'])('is kept small for %s, which has little to do', (service) => {
    expect(semiSpacesOf(service)).toEqual(['--max-semi-space-size=2']);
  });

  it.each(['edge', 'ledger'])('is left to V8 for %s', (service) => {
    expect(semiSpacesOf(service)).toEqual([]);
  });
});
