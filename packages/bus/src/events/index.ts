export { EventPublisher } from './publisher.js';
export { EventSubscriber, type EventSubscription, type SubscribeOptions } from './subscriber.js';
