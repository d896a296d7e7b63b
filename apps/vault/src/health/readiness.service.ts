import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Health } from '@switchyard/chassis';
import { EntriesRepository } from '../entries/entries.repository.js';

/** A vault without its database can answer nothing. */
@Injectable()
export class ReadinessService implements OnModuleInit {
  constructor(
    private readonly health: Health,
    private readonly entries: EntriesRepository,
  ) {}

  onModuleInit(): void {
    this.health.check('database', () => this.entries.ping());
  }
}
