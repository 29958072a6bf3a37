import type { Clock } from '../lib/clock.ts';
import type { Sealer } from '../lib/seal.ts';
import { AccountSessions } from './account-sessions.ts';
import { Consents } from './consents.ts';
import { EndedSessions } from './ended-sessions.ts';
import { Grants } from './grants.ts';
import { type Lifetimes, readGrantSeconds } from './provider-options.ts';
import type { RecordStore } from './record-store.ts';

interface Deps {
  readonly records: RecordStore;
  readonly sealer: Sealer;
  readonly clock: Clock;
  readonly lifetimes: Lifetimes;
}

export type Access = ReturnType<typeof createAccess>;

/** Where people are signed in and what they have allowed applications: all of it can be ended by them, with or without oidc-provider. */
export function createAccess({ lifetimes, ...deps }: Deps) {
  const endedSessions = new EndedSessions({ ...deps, sessionSeconds: lifetimes.sessionAbsolute });
  const accountSessions = new AccountSessions({ ...deps, endedSessions });
  const consents = new Consents({ ...deps, grantSeconds: readGrantSeconds(lifetimes) });
  return { endedSessions, accountSessions, consents, grants: new Grants({ consents }) };
}
