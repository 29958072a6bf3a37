import { errors, type Provider } from 'oidc-provider';
import type { Clock } from '../lib/clock.ts';
import { describeBrowser } from '../passkeys/describe-browser.ts';
import type { EndedSessions } from './ended-sessions.ts';

interface Deps {
  readonly endedSessions: EndedSessions;
  readonly clock: Clock;
}

/** What a session says of itself beside what oidc-provider has it say. */
export interface SessionFacts {
  /** Browser and system that it was signed in with, in plain words. */
  readonly browser?: string | undefined;
  /** When oidc-provider last went by it, in seconds since 1970. */
  readonly usedAt?: number | undefined;
}

/** oidc-provider's session, with what it keeps to itself. */
interface Session extends InstanceType<Provider['Session']> {
  browser?: string | undefined;
  usedAt?: number | undefined;
  /** It was not read from the store. */
  readonly new?: true;
  /** The id to be given up, after a sign-in. */
  oldId?: string | undefined;
}

/** Has sessions keep their facts, and stay ended once they are. Comes before the first session. */
export function extendSessions(provider: Provider, deps: Deps): void {
  const facts: readonly (keyof SessionFacts)[] = ['browser', 'usedAt'];
  Object.defineProperty(provider.Session, 'IN_PAYLOAD', { value: [...provider.Session.IN_PAYLOAD, ...facts] });
  provider.on('interaction.ended', ({ oidc, req }) => {
    const session = oidc.session as Session | undefined; // with the fields above
    if (session && oidc.result?.login) session.browser = describeBrowser(req.headers['user-agent'] ?? '');
  });
  changeSave(provider, deps);
  changeDestroy(provider, deps);
}

/** Under its new id it is there before it goes under the old one, so that whoever looks for the sessions of an account always finds it. */
function changeSave({ Session: { prototype } }: Provider, { endedSessions, clock }: Deps): void {
  const { save } = prototype;
  Object.defineProperty(prototype, 'save', {
    async value(this: Session, ttl: number) {
      const { oldId } = this;
      this.oldId = undefined;
      this.usedAt = Math.floor(clock.now().getTime() / 1000);
      const value = await save.call(this, ttl);
      if (oldId) await this.adapter.destroy(oldId);
      if (this.new || !(await endedSessions.has(this.uid))) return value;
      await this.adapter.destroy(this.jti);
      throw new errors.SessionNotFound('the session was ended meanwhile');
    },
  });
}

function changeDestroy({ Session: { prototype } }: Provider, { endedSessions }: Deps): void {
  const { destroy } = prototype;
  Object.defineProperty(prototype, 'destroy', {
    async value(this: Session) {
      await endedSessions.end(this.uid);
      await destroy.call(this);
    },
  });
}
