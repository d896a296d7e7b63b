import { connect, createDataSource } from '@switchyard/database';
import { CatalogueRepository } from '../catalogue/catalogue.repository.js';
import { ENTITIES, SCHEMA } from '../schema.js';
import { assemble } from './assemble.js';
import { readLocalModels } from './local-models.js';
import { readDataFiles } from './read-data.js';
import { SeedService, type SeedResult } from './seed.service.js';

export interface SeedCatalogueOptions {
  /** Url of the service's own role: seeding needs no more rights than serving. */
  readonly databaseUrl: string;
  readonly sandbox: boolean;
  readonly force: boolean;
  /** JSON of LOCAL_MODELS_FILE; without it there are no local models. */
  readonly localModels?: string | undefined;
  readonly directory?: string;
}

/**
 * Brings the data files and the local models into the database. A service that runs meanwhile distributes what changed.
 * @throws DataError; nothing is changed by a source that has faults.
 */
export async function seedCatalogue(options: SeedCatalogueOptions): Promise<{ data: SeedResult; local: SeedResult }> {
  const { directory, sandbox, force } = options;
  const data = assemble(readDataFiles({ sandbox, ...(directory && { directory }) }));
  const today = new Date().toISOString().slice(0, 10);
  const local = assemble(
    options.localModels ? [{ file: 'LOCAL_MODELS_FILE', content: readLocalModels(options.localModels, today) }] : [],
  );
  const dataSource = await connect(
    createDataSource({
      url: options.databaseUrl,
      schema: SCHEMA,
      entities: ENTITIES,
      poolSize: 1,
      applicationName: 'registry-seed',
    }),
  );
  try {
    const seed = new SeedService(new CatalogueRepository(dataSource));
    return {
      data: await seed.seed(data, { source: 'data', force }),
      local: await seed.seed(local, { source: 'local', force }),
    };
  } finally {
    await dataSource.destroy();
  }
}
