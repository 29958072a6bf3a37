import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import type { Owner } from './redis.ts';

/**
 * What is wrong with the network. `refusing`: each connection is reset at once, those there are as well. `frozen`: nothing gets through
 * for now. `deaf`: the target hears and does what it is told, and none of its answers arrive. `gone`: as if the target had lost its
 * power, bytes vanish both ways.
 */
type Fault = 'refusing' | 'frozen' | 'deaf' | 'gone';

interface Address {
  readonly host: string;
  readonly port: number;
}

interface Link {
  readonly client: Socket;
  readonly target: Socket;
  /** Bytes of it have vanished, so it can never go on. */
  torn: boolean;
}

const HOST = '127.0.0.1';

/** A network between a server and what it talks to, on loopback, that can be made bad and good again. */
export class TcpProxy {
  readonly #server: Server;
  readonly #target: Address;
  readonly #links = new Set<Link>();
  #fault: Fault | undefined;
  #deafAt: string | undefined;
  #delayMs = 0;
  #accepted = 0;

  private constructor(target: Address) {
    this.#target = target;
    this.#server = createServer({ allowHalfOpen: true }, (client) => this.#accept(client));
  }

  /** Starts one on a free port of loopback; it goes, with all its connections, with its owner. */
  static async start(owner: Owner, target: Address): Promise<TcpProxy> {
    const proxy = new TcpProxy(target);
    proxy.#server.listen(0, HOST);
    await once(proxy.#server, 'listening');
    owner.after(async () => {
      proxy.#server.close();
      proxy.cut();
    });
    return proxy;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address ? address.port : 0;
  }

  /** How often somebody has connected so far, or tried to. */
  get accepted(): number {
    return this.#accepted;
  }

  /** How many connections there are now. */
  get open(): number {
    return [...this.#links].filter(({ client }) => !client.destroyed).length;
  }

  /** Lets each answer of the target arrive so much later; those under way keep their order. */
  delayAnswers(milliseconds: number): void {
    this.#delayMs = milliseconds;
  }

  /** Resets the connections that there are. */
  cut(): void {
    for (const { client } of this.#links) breakOff(client);
  }

  setFault(fault: Fault): void {
    this.#fault = fault;
    if (fault === 'refusing') this.cut();
    if (fault === 'frozen') for (const link of this.#links) pause(link);
  }

  /** Goes `deaf` with the first words to the target that have this text in them. */
  goDeafAt(text: string): void {
    this.#deafAt = text;
  }

  /** Makes the network good. What was held back arrives; a connection of which something has vanished is reset at its next word. */
  restore(): void {
    this.#fault = undefined;
    this.#deafAt = undefined;
    this.#delayMs = 0;
    for (const link of this.#links) {
      const { client, target } = link;
      client.resume();
      target.resume();
      if (client.destroyed || target.destroyed) {
        reset(link);
        this.#links.delete(link);
      }
    }
  }

  #accept(client: Socket): void {
    this.#accepted += 1;
    if (this.#fault === 'refusing') {
      client.on('error', () => undefined); // it is being reset
      breakOff(client);
      return;
    }
    const target = connect({ ...this.#target, allowHalfOpen: true, noDelay: true });
    client.setNoDelay();
    const link: Link = { client, target, torn: false };
    this.#links.add(link);
    this.#pass(link, client, target);
    this.#pass(link, target, client);
    if (this.#fault === 'frozen') pause(link);
  }

  /** Carries what one side says to the other. */
  #pass(link: Link, from: Socket, to: Socket): void {
    const isAnswer = from === link.target;
    const carry = this.#createCarrier(isAnswer);
    from.on('data', (bytes) => {
      if (!isAnswer && this.#deafAt !== undefined && bytes.includes(this.#deafAt)) this.#fault = 'deaf';
      if (this.#vanishes(isAnswer)) link.torn = true;
      else if (link.torn) reset(link);
      else carry(() => to.write(bytes));
    });
    from.on('end', () => {
      if (this.#vanishes(isAnswer)) link.torn = true;
      else carry(() => to.end());
    });
    from.on('error', () => undefined); // its close says all
    from.on('close', () => {
      if (this.#fault === 'gone') return; // the other side never hears of it
      if (from.errored) breakOff(to);
      else to.destroySoon(); // what it was told last still arrives
      if (to.destroyed) this.#links.delete(link);
    });
  }

  #vanishes(isAnswer: boolean): boolean {
    return this.#fault === 'gone' || (this.#fault === 'deaf' && isAnswer);
  }

  /** Does things one after the other, and what belongs to answers late. */
  #createCarrier(isAnswer: boolean): (deed: () => void) => void {
    let last = Promise.resolve();
    let waiting = 0;
    return (deed) => {
      const due = performance.now() + (isAnswer ? this.#delayMs : 0);
      if (waiting === 0 && due <= performance.now()) return deed();
      waiting += 1;
      last = last.then(async () => {
        await setTimeout(Math.max(0, due - performance.now()));
        waiting -= 1;
        deed();
      });
    };
  }
}

function pause({ client, target }: Link): void {
  client.pause();
  target.pause();
}

function reset({ client, target }: Link): void {
  breakOff(client);
  breakOff(target);
}

/** Sends a reset. To one that is just saying goodbye Node.js cannot, and would spin at the end of the process if asked to. */
function breakOff(socket: Socket): void {
  if (socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}
