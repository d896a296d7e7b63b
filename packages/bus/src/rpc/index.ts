export { type CallOptions, RpcClient } from './client.js';
export type { CallOf } from './contract-codec.js';
export { incomingContext, outgoingHeaders } from './headers.js';
export { Request, Serves } from './serves.js';
export { RpcServer, rpcMicroservice, type RpcServerOptions } from './server.js';
