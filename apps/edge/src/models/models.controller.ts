import { Controller, Get, Header, Param, Query } from '@nestjs/common';
import { Access, apiPaths } from '../http/access.js';
import { ModelsService } from './models.service.js';

@Controller(apiPaths(''))
export class ModelsController {
  constructor(private readonly models: ModelsService) {}

  @Get('models')
  @Access('public')
  @Header('Content-Type', 'application/json; charset=utf-8')
  list(@Query() query: Readonly<Record<string, unknown>>): Buffer {
    return this.models.list(query);
  }

  @Get('models/count')
  @Access('public')
  count(@Query() query: Readonly<Record<string, unknown>>): object {
    return { data: { count: this.models.count(query) } };
  }

  @Get('models/:author/:slug/endpoints')
  @Access('public')
  endpoints(@Param('author') author: string, @Param('slug') slug: string): object {
    return { data: this.models.endpoints(`${author}/${slug}`) };
  }

  @Get('model/:author/:slug')
  @Access('public')
  get(@Param('author') author: string, @Param('slug') slug: string): object {
    return { data: this.models.get(`${author}/${slug}`) };
  }

  @Get('providers')
  @Access('public')
  providers(): object {
    return { data: this.models.providers() };
  }

  @Get('endpoints/zdr')
  @Access('public')
  zdrEndpoints(): object {
    return { data: this.models.zdrEndpoints() };
  }
}
