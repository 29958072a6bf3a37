import { addSeconds, type Clock } from '../lib/clock.ts';
import { digest } from '../lib/digest.ts';
import { type Consent, findMissing, isNothing, join } from './consent.ts';
import type { RecordStore, StoredRecord } from './record-store.ts';

interface Deps {
  readonly records: RecordStore;
  readonly clock: Clock;
  /** How long a grant lasts. */
  readonly grantSeconds: number;
}

/** An account, and an application that it uses. */
export interface Holding {
  readonly accountId: string;
  readonly clientId: string;
}

/** What an application was allowed, in whichever session, and since when. */
export interface GivenConsent extends Consent {
  readonly clientId: string;
  readonly since: Date;
  /** Whether the person was asked for all of it; else the operator has decided some of it, which holds only as long as that is so. */
  readonly asked: boolean;
}

type Stored = GivenConsent & Pick<StoredRecord, 'expiresAt'>;

/**
 * What people have allowed applications. A grant is the part of a consent that one session uses: it ends with the session, the consent stays,
 * and when the consent is taken back every grant that is a part of it ends, and with it its tokens.
 */
export class Consents {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  async find(holding: Holding): Promise<GivenConsent | undefined> {
    return this.#find(holding);
  }

  /** The latest first. */
  async list(accountId: string): Promise<readonly GivenConsent[]> {
    const stored = await this.#deps.records.listByAccount('Consent', accountId);
    return stored.map(read).toSorted((one, other) => other.since.getTime() - one.since.getTime());
  }

  /** Adds to what the application was allowed; `asked` says that the person was. Of two additions at once one may be forgotten, and is asked for again. */
  async add(holding: Holding, allowed: Consent, { asked }: { readonly asked: boolean }): Promise<void> {
    const { records, clock } = this.#deps;
    const given = await this.#find(holding);
    const kept = given && (given.asked || !asked) ? given : undefined; // nobody has asked the person for what the operator decided
    const isNew = !kept || !isNothing(findMissing(allowed, kept));
    if (!isNew && this.#isLasting(kept)) return;
    const consent = {
      ...(kept ? join(kept, allowed) : allowed),
      since: given?.since ?? clock.now(),
      asked: asked || (!isNew && kept.asked),
    };
    if (given && (await this.#replace(holding, consent))) return;
    await records.put('Consent', ...this.#write(holding, { ...allowed, since: clock.now(), asked }));
  }

  /** Whether it is given still; if so it outlives every grant that has begun by now. */
  async renew(holding: Holding): Promise<boolean> {
    const given = await this.#find(holding);
    return given !== undefined && (this.#isLasting(given) || (await this.#replace(holding, given)));
  }

  /** Takes it back: what the application holds of it is worth nothing from now on. Idempotent. */
  async revoke(holding: Holding): Promise<void> {
    await this.#deps.records.deleteByConsent(toConsentId(holding));
  }

  async #find(holding: Holding): Promise<Stored | undefined> {
    const stored = await this.#deps.records.find('Consent', toConsentId(holding));
    return stored && read(stored);
  }

  /** False when it was taken back in the meantime. */
  #replace(holding: Holding, consent: Omit<GivenConsent, 'clientId'>): Promise<boolean> {
    return this.#deps.records.replace('Consent', ...this.#write(holding, consent));
  }

  #isLasting({ expiresAt }: Stored): boolean {
    const { clock, grantSeconds } = this.#deps;
    return expiresAt >= addSeconds(clock.now(), grantSeconds);
  }

  #write({ accountId, clientId }: Holding, consent: Omit<GivenConsent, 'clientId'>) {
    const { clock, grantSeconds } = this.#deps;
    const { scopes, claims, resourceScopes, since, asked } = consent;
    const payload = JSON.stringify({ clientId, scopes, claims, resourceScopes, since, asked });
    // Twice as long, so that it is not written again for each grant that it has to outlive.
    const expiresAt = addSeconds(clock.now(), 2 * grantSeconds);
    return [toConsentId({ accountId, clientId }), { payload, expiresAt }, { accountId }] as const;
  }
}

/** The id of a consent, by which its grants are found too. */
export function toConsentId({ accountId, clientId }: Holding): string {
  return digest(`${accountId} ${clientId}`);
}

function read({ payload, expiresAt }: StoredRecord): Stored {
  const { since, ...rest }: GivenConsent & { readonly since: Date | string } = JSON.parse(payload);
  return { ...rest, since: new Date(since), expiresAt };
}
