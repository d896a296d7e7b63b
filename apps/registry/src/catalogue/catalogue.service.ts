import { Injectable } from '@nestjs/common';
import { GatewayError, type CatalogueModel, type PutModel, type RequestOf } from '@switchyard/contracts';
import { DistributorService } from '../distribution/distributor.service.js';
import { CatalogueRepository, type CatalogueCounts } from './catalogue.repository.js';
import { faultsOf, type Fault } from './model-faults.js';

@Injectable()
export class CatalogueService {
  constructor(
    private readonly catalogue: CatalogueRepository,
    private readonly distributor: DistributorService,
  ) {}

  /**
   * Puts a model as an operator: from now on the data files leave it alone.
   * @throws GatewayError `invalid_request` with all faults, `conflict` for a price version that is used already.
   */
  async put({ model, force = false, validFrom }: RequestOf<typeof PutModel>): Promise<{ revision: number }> {
    // A date in the past would slip in behind the current price and never hold.
    const begins = validFrom && Date.parse(validFrom) > Date.now() ? new Date(validFrom) : null;
    const revision = await this.catalogue.inTransaction(async (manager) => {
      const [stored] = await this.catalogue.load(manager, [model.id]);
      const faults = faultsOf(model, { previous: stored?.model ?? null, force });
      if (faults.length > 0) throw invalidModel(faults);
      return this.catalogue.put(manager, model, { source: 'operator', validFrom: begins, ignoreVersions: false });
    });
    this.distributor.wake();
    return { revision };
  }

  async remove(modelId: string): Promise<{ removed: boolean }> {
    const removed = await this.catalogue.inTransaction((manager) =>
      this.catalogue.remove(manager, modelId, 'operator'),
    );
    this.distributor.wake();
    return { removed };
  }

  async get(modelId: string): Promise<{ model: CatalogueModel | null }> {
    const stored = await this.catalogue.find(modelId);
    return { model: stored && !stored.removed ? stored.model : null };
  }

  count(): Promise<CatalogueCounts> {
    return this.catalogue.count();
  }
}

const MAX_FAULTS_TOLD = 20;

function invalidModel(faults: readonly Fault[]): GatewayError {
  const [first] = faults;
  return new GatewayError('invalid_request', {
    message: `model.${first?.path} ${first?.message}`,
    metadata: {
      faults: faults.slice(0, MAX_FAULTS_TOLD).map(({ path, message }) => ({ path: `model.${path}`, message })),
    },
  });
}
