/**
 * Given to a server by `NODE_OPTIONS=--import`: a worker that is about to listen says `about to listen`, and sleeps until the process that
 * has started it is gone, so that it goes on before it can have read of that.
 */
import cluster from 'node:cluster';
import { Server } from 'node:net';

const POLL_MS = 5;

const { listen } = Server.prototype;
const { ppid: primary } = process;

function listenAlone(this: Server, ...args: unknown[]): Server {
  process.stderr.write('about to listen\n');
  while (process.ppid === primary) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, POLL_MS);
  return Reflect.apply(listen, this, args);
}

if (cluster.isWorker) Object.defineProperty(Server.prototype, 'listen', { value: listenAlone });
