import { Controller } from '@nestjs/common';
import { Request, Serves } from '@switchyard/bus';
import { GetWorkspace, ListWorkspaces, UpdateWorkspace, type ReplyOf, type RequestOf } from '@switchyard/contracts';
import { WorkspacesService } from './workspaces.service.js';

@Controller()
export class WorkspacesController {
  constructor(private readonly workspaces: WorkspacesService) {}

  @Serves(ListWorkspaces)
  list(@Request(ListWorkspaces) request: RequestOf<typeof ListWorkspaces>): Promise<ReplyOf<typeof ListWorkspaces>> {
    return this.workspaces.list(request);
  }

  @Serves(UpdateWorkspace)
  update(
    @Request(UpdateWorkspace) request: RequestOf<typeof UpdateWorkspace>,
  ): Promise<ReplyOf<typeof UpdateWorkspace>> {
    return this.workspaces.update(request);
  }

  @Serves(GetWorkspace)
  get(@Request(GetWorkspace) request: RequestOf<typeof GetWorkspace>): Promise<ReplyOf<typeof GetWorkspace>> {
    return this.workspaces.get(request);
  }
}
