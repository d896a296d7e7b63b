import { Controller, Get, Query } from '@nestjs/common';
import { usdNumber } from '@switchyard/contracts';
import { CurrentCaller } from '../callers/caller.js';
import type { Caller } from '../callers/caller.js';
import { CatalogueStore } from '../catalogue/index.js';
import { Access, apiPaths } from '../http/access.js';
import { activityQuery } from './activity-query.js';
import { ActivityService } from './activity.service.js';
import type { WorkspaceActivity } from './activity.service.js';

/** `GET /activity` (spec 1.3): what the account used, per endpoint and UTC day. */
@Controller(apiPaths('activity'))
export class ActivityController {
  constructor(
    private readonly activity: ActivityService,
    private readonly catalogue: CatalogueStore,
  ) {}

  @Get()
  @Access('management')
  async get(@CurrentCaller() caller: Caller, @Query() query: unknown) {
    const rows = await this.activity.of(caller, activityQuery(query, Date.now()));
    return { data: rows.map((row) => this.item(row)) };
  }

  private item(row: WorkspaceActivity): Record<string, unknown> {
    const prepared = this.catalogue.find(row.model);
    const known = prepared?.endpoints.find(({ endpoint }) => endpoint.id === row.endpointId);
    return {
      date: row.day,
      model: row.model,
      model_permaslug: prepared?.model.canonicalSlug ?? row.model,
      endpoint_id: row.endpointId,
      provider_name: known?.endpoint.providerName ?? row.provider,
      usage: usdNumber(row.chargedNanos),
      byok_usage_inference: usdNumber(row.ownKeyCostNanos),
      requests: row.requests,
      prompt_tokens: row.promptTokens,
      completion_tokens: row.completionTokens,
      reasoning_tokens: row.reasoningTokens,
      ...(row.workspaceId !== null && { workspace_id: row.workspaceId }),
    };
  }
}
