import { Controller } from '@nestjs/common';
import { Request, Serves } from '@switchyard/bus';
import { GetActivity, type ReplyOf, type RequestOf } from '@switchyard/contracts';
import { ActivityService } from './activity.service.js';

@Controller()
export class ActivityController {
  constructor(private readonly activity: ActivityService) {}

  @Serves(GetActivity)
  get(@Request(GetActivity) request: RequestOf<typeof GetActivity>): Promise<ReplyOf<typeof GetActivity>> {
    return this.activity.of(request);
  }
}
