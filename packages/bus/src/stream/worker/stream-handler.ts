import { MessagePattern } from '@nestjs/microservices';

/** Transport id of the data plane, so that Nest gives stream handlers to StreamStrategy only. */
export const STREAM_TRANSPORT = Symbol('switchyard.stream');
export const STREAM_PATTERN = 'call';

/** Marks the controller method that serves streams: `handle(context: StreamContext): Promise<void>`. One per process. */
export const StreamHandler = (): MethodDecorator => MessagePattern(STREAM_PATTERN, STREAM_TRANSPORT);
