import { Controller } from '@nestjs/common';
import { Request, Serves } from '@switchyard/bus';
import { CountCatalogue, GetModel, PutModel, RemoveModel, type ReplyOf, type RequestOf } from '@switchyard/contracts';
import { CatalogueService } from './catalogue.service.js';

@Controller()
export class CatalogueController {
  constructor(private readonly catalogue: CatalogueService) {}

  @Serves(PutModel)
  put(@Request(PutModel) request: RequestOf<typeof PutModel>): Promise<ReplyOf<typeof PutModel>> {
    return this.catalogue.put(request);
  }

  @Serves(RemoveModel)
  remove(@Request(RemoveModel) request: RequestOf<typeof RemoveModel>): Promise<ReplyOf<typeof RemoveModel>> {
    return this.catalogue.remove(request.modelId);
  }

  @Serves(GetModel)
  get(@Request(GetModel) request: RequestOf<typeof GetModel>): Promise<ReplyOf<typeof GetModel>> {
    return this.catalogue.get(request.modelId);
  }

  @Serves(CountCatalogue)
  count(): Promise<ReplyOf<typeof CountCatalogue>> {
    return this.catalogue.count();
  }
}
