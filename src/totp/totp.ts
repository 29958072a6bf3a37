import { ScureBase32Plugin, verifySync } from 'otplib';
import { z } from 'zod';
import type { Clock } from '../lib/clock.ts';
import { digest } from '../lib/digest.ts';
import type { AccountId, Ids } from '../lib/ids.ts';
import type { Sealer } from '../lib/seal.ts';
import type { Budget, RateStore } from '../rates/rate-store.ts';
import type { TicketStore } from '../tickets/ticket-store.ts';
import { drawQrCode, type QrCode } from './qr-code.ts';
import type { TotpStore } from './totp-store.ts';

const SECRET_BYTES = 20; // RFC 4226 §4 R6
const DIGITS = 6;
const PERIOD_SECONDS = 30;
const ENROLMENT_TTL_SECONDS = 600;

/** Five tries for one pending secret; the pause after them outlasts it. */
const ENROLMENT_TRIES: Budget = {
  free: 4,
  windowSeconds: ENROLMENT_TTL_SECONDS,
  pauseSeconds: ENROLMENT_TTL_SECONDS,
  maxPauseSeconds: ENROLMENT_TTL_SECONDS,
};

const pendingSchema = z.strictObject({
  accountId: z.string(),
  binding: z.string(),
  issuer: z.string(),
  label: z.string(),
  sealedSecret: z.base64url(),
});

type Pending = z.infer<typeof pendingSchema>;

/** What a person needs to set an authenticator app up. */
export interface TotpEnrolment {
  readonly ticket: string;
  /** 160 bits in base32. */
  readonly secret: string;
  readonly uri: string;
  readonly qrCode: QrCode;
}

export type TotpEnrolmentOutcome =
  | { readonly type: 'on'; readonly since: Date }
  /** Carries what the same page shows again. */
  | { readonly type: 'wrong'; readonly enrolment: TotpEnrolment }
  /** Too late, too many tries, or begun by someone else: to be started again. */
  | { readonly type: 'expired' };

interface Deps {
  readonly store: TotpStore;
  readonly tickets: TicketStore;
  readonly rates: RateStore;
  readonly sealer: Sealer;
  readonly ids: Ids;
  readonly clock: Clock;
}

/**
 * The authenticator apps of accounts (RFC 6238: SHA-1, 6 digits, 30 seconds). How often a code may be tried at sign-in is the
 * business of `Limits`; here a code works once, and a step back in time never.
 */
export class Totps {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Makes a secret that waits ten minutes for its first code; nothing is on before that. `binding` names the session that may finish. */
  async startEnrolment(request: {
    readonly accountId: AccountId;
    readonly email: string;
    readonly organizationName: string;
    readonly binding: string;
  }): Promise<TotpEnrolment> {
    const { accountId, binding } = request;
    const ticket = this.#deps.ids.newSecret();
    const secret = new ScureBase32Plugin().encode(this.#deps.ids.newBytes(SECRET_BYTES));
    const sealed = this.#deps.sealer.seal(secret, placePending(accountId));
    const pending: Pending = {
      accountId,
      binding,
      issuer: request.organizationName,
      label: request.email,
      sealedSecret: Buffer.from(sealed).toString('base64url'),
    };
    await this.#deps.tickets.put('totp-enrolment', ticket, pending, ENROLMENT_TTL_SECONDS);
    return present(ticket, secret, pending);
  }

  /** Switches the app on when it shows the right code, in place of an earlier one. That code has then been used. */
  async finishEnrolment(answer: {
    readonly ticket: string;
    readonly accountId: AccountId;
    readonly binding: string;
    readonly code: unknown;
  }): Promise<TotpEnrolmentOutcome> {
    const { ticket, accountId } = answer;
    const pending = await this.#findPending(answer);
    if (!pending) return { type: 'expired' };
    const hit = await this.#deps.rates.hit(`totp-enrolment:${digest(ticket)}`, ENROLMENT_TRIES);
    if (!hit.allowed) return { type: 'expired' };

    const sealed = Buffer.from(pending.sealedSecret, 'base64url');
    const secret = this.#deps.sealer.open(sealed, placePending(accountId));
    const confirmedAt = this.#deps.clock.now();
    const lastStep = findTimeStep(secret, answer.code, confirmedAt);
    if (lastStep === undefined) return { type: 'wrong', enrolment: present(ticket, secret, pending) };

    if (!(await this.#deps.tickets.take('totp-enrolment', ticket))) return { type: 'expired' };
    const sealedSecret = this.#deps.sealer.seal(secret, place(accountId));
    await this.#deps.store.put({ accountId, sealedSecret, lastStep, confirmedAt });
    return { type: 'on', since: confirmedAt };
  }

  /** Whether this is the app's code of now, of the step before or the step after, and newer than every code accepted before. */
  async verify(accountId: AccountId, code: unknown): Promise<boolean> {
    const totp = await this.#deps.store.find(accountId);
    if (!totp) return false;
    const secret = this.#deps.sealer.open(totp.sealedSecret, place(accountId));
    const step = findTimeStep(secret, code, this.#deps.clock.now());
    return step !== undefined && (await this.#deps.store.advance(accountId, step));
  }

  /** False when there was none. */
  remove(accountId: AccountId): Promise<boolean> {
    return this.#deps.store.delete(accountId);
  }

  async #findPending(by: {
    readonly ticket: string;
    readonly accountId: AccountId;
    readonly binding: string;
  }): Promise<Pending | undefined> {
    const value = await this.#deps.tickets.find('totp-enrolment', by.ticket);
    const pending = value && pendingSchema.parse(value);
    return pending?.accountId === by.accountId && pending.binding === by.binding ? pending : undefined;
  }
}

function place(accountId: AccountId): string {
  return `totp:${accountId}`;
}

function placePending(accountId: AccountId): string {
  return `totp-enrolment:${accountId}`;
}

/** The time step whose code this is, one step either side of now (RFC 6238 §5.2); undefined for a wrong code and for what is none. */
function findTimeStep(secret: string, code: unknown, now: Date): number | undefined {
  const token = typeof code === 'string' ? code.replaceAll(' ', '') : '';
  if (!/^[0-9]{6}$/.test(token)) return undefined; // the library throws for other shapes
  const result = verifySync({
    secret,
    token,
    digits: DIGITS,
    period: PERIOD_SECONDS,
    epoch: Math.floor(now.getTime() / 1000),
    epochTolerance: PERIOD_SECONDS,
  });
  // The result is an object, so true in itself.
  return result.valid && 'timeStep' in result ? result.timeStep : undefined;
}

function present(ticket: string, secret: string, { issuer, label }: Pending): TotpEnrolment {
  const uri = buildUri(secret, issuer, label);
  return { ticket, secret, uri, qrCode: drawQrCode(uri) };
}

/** The library leaves colons as they are, and a colon divides issuer from label (Google Authenticator's Key Uri Format). */
function buildUri(secret: string, issuer: string, label: string): string {
  const parameters = Object.entries({ secret, issuer, algorithm: 'SHA1', digits: DIGITS, period: PERIOD_SECONDS });
  const query = parameters.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&');
  return `otpauth://totp/${encodeURIComponent(issuer)}:${encodeURIComponent(label)}?${query}`;
}
