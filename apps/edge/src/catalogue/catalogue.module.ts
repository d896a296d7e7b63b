import { Module } from '@nestjs/common';
import { CatalogueStore } from './catalogue.store.js';
import { CatalogueWatcher } from './catalogue.watcher.js';

@Module({ providers: [CatalogueStore, CatalogueWatcher], exports: [CatalogueStore] })
export class CatalogueModule {}
