import { Controller } from '@nestjs/common';
import { Ctx } from '@nestjs/microservices';
import { StreamHandler } from '@switchyard/bus';
import type { StreamContext } from '@switchyard/bus';
import { AttemptsService } from './attempts.service.js';

@Controller()
export class AttemptsController {
  constructor(private readonly attempts: AttemptsService) {}

  @StreamHandler()
  handle(@Ctx() context: StreamContext): Promise<void> {
    return this.attempts.serve(context);
  }
}
