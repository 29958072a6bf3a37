import type { IncomingMessage, ServerResponse } from 'node:http';
import type Koa from 'koa';
import type { Logger } from '../lib/logger.ts';

/** What middleware learns of a request on its way in. */
export interface AppState {
  requestId: string;
  /** The peer, or what the trusted proxies in between say it is. */
  clientAddress: string;
  logger: Logger;
}

export type AppContext = Koa.ParameterizedContext<AppState>;
export type AppMiddleware = Koa.Middleware<AppState>;
export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => void;
