import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Health } from '@switchyard/chassis';
import { CatalogueRepository } from '../catalogue/catalogue.repository.js';
import { DistributorService } from '../distribution/distributor.service.js';

/** Ready when it can take changes, and when the edges have had the catalogue since it started. */
@Injectable()
export class ReadinessService implements OnModuleInit {
  constructor(
    private readonly health: Health,
    private readonly catalogue: CatalogueRepository,
    private readonly distributor: DistributorService,
  ) {}

  onModuleInit(): void {
    this.health.check('database', () => this.catalogue.ping());
    this.health.check('catalogue', () => {
      if (!this.distributor.ready) throw new Error('the catalogue is not at the edges yet');
    });
  }
}
