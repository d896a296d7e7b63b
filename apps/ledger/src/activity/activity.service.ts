import { Injectable } from '@nestjs/common';
import type { GetActivity, ReplyOf, RequestOf } from '@switchyard/contracts';
import { ActivityRepository } from './activity.repository.js';

@Injectable()
export class ActivityService {
  constructor(private readonly activity: ActivityRepository) {}

  async of(request: RequestOf<typeof GetActivity>): Promise<ReplyOf<typeof GetActivity>> {
    return { rows: await this.activity.of(request) };
  }
}
