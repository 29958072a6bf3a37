import type { Ids } from '../lib/ids.ts';
import type { Signer } from '../lib/signer.ts';
import { OTHER_DEVICE_SECONDS } from '../sign-in/other-device-flows.ts';
import type { AppContext } from './app-context.ts';

/** What a browser that opened a link is known by. */
export interface DeviceBinding {
  readonly secret: string;
  /** Goes into every form of the pages behind the link. */
  readonly csrf: string;
}

interface Deps {
  readonly signer: Signer;
  readonly ids: Ids;
  readonly secure: boolean;
}

/**
 * A secret in a signed cookie, by which a browser in which nobody is signed in is known again on the pages behind a link. It is no session
 * and proves nothing about the person.
 */
export class DeviceBindings {
  readonly #deps: Deps;
  readonly #name: string;

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#name = deps.secure ? '__Host-cardea.device' : 'cardea.device';
  }

  /** Undefined for a browser without one, and for a cookie that we did not write. */
  find(ctx: AppContext): DeviceBinding | undefined {
    const [secret, signature] = ctx.cookies.get(this.#name, { signed: false })?.split('.') ?? [];
    if (!secret || !signature || !this.#deps.signer.verify('device', secret, signature)) return undefined;
    return this.#describe(secret);
  }

  /** The binding that the browser has, or else a new one. */
  give(ctx: AppContext): DeviceBinding {
    const { signer, ids, secure } = this.#deps;
    const { secret } = this.find(ctx) ?? { secret: ids.newSecret() };
    ctx.cookies.set(this.#name, `${secret}.${signer.sign('device', secret)}`, {
      httpOnly: true,
      maxAge: 2 * OTHER_DEVICE_SECONDS * 1000,
      path: '/',
      sameSite: 'lax',
      secure,
      signed: false,
    });
    return this.#describe(secret);
  }

  #describe(secret: string): DeviceBinding {
    return { secret, csrf: this.#deps.signer.sign('device-csrf', secret) };
  }
}
