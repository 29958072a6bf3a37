import { z } from 'zod';
import { AppError } from '../lib/app-error.ts';
import { addSeconds, type Clock } from '../lib/clock.ts';
import type { AccountId, Ids, PasskeyId } from '../lib/ids.ts';
import type { Sealer } from '../lib/seal.ts';
import type { Passkey } from '../passkeys/passkey-store.ts';
import type { TicketStore, TicketType, TicketValue } from '../tickets/ticket-store.ts';
import type { Confirmer } from './confirmation.ts';
import type { FoundAccount, SignInAccounts } from './sign-in-accounts.ts';

/** How long the link is good, in seconds. */
export const OTHER_DEVICE_SECONDS = 600;
/** Both pages can say for as long again how it ended. */
const KEPT_SECONDS = 2 * OTHER_DEVICE_SECONDS;
/** Of base64url: 132 bits. It also stands in a QR code and may be typed. */
const TOKEN_CHARACTERS = 22;
/** How often another start may come in between when two tabs start at once. */
const MAX_ATTEMPTS = 5;

const accountIdSchema = z.custom<AccountId>((id) => typeof id === 'string');
const dateSchema = z.number().transform((milliseconds) => new Date(milliseconds));

/** All of these are written below and read by nobody else. */
const linkSchema = z.strictObject({ id: z.string(), accountId: accountIdSchema });
const startSchema = z.strictObject({
  id: z.string(),
  sessionUid: z.string(),
  passwordSetAt: z.number().optional(),
  startedAt: dateSchema,
  device: z.string(),
});
const joinedSchema = z.strictObject({ browser: z.string(), device: z.string() });
const madeSchema = z.strictObject({
  number: z.string(),
  choices: z.array(z.string()),
  passkey: z.object({
    id: z.custom<PasskeyId>((id) => typeof id === 'string'),
    accountId: accountIdSchema,
    rpId: z.string(),
    publicKey: z.string().transform((text) => new Uint8Array(Buffer.from(text, 'base64url'))),
    counter: z.number(),
    backupEligible: z.boolean(),
    backedUp: z.boolean(),
    aaguid: z.string(),
    transports: z.array(z.string()),
    attestation: z.enum(['none', 'verified']),
    name: z.string(),
    createdAt: dateSchema,
    verifiedAt: dateSchema.optional(),
  }),
});
const decisionSchema = z.strictObject({ outcome: z.enum(['approved', 'refused', 'withdrawn']) });

export type OtherDeviceDecision = z.infer<typeof decisionSchema>['outcome'];

/**
 * `approval`: the passkey was made there, and waits for the number to be chosen here. `storing`: it was approved and is not the account's
 * yet. `expired`: too late, or withdrawn.
 */
export type OtherDeviceState = 'pending' | 'opened' | 'approval' | 'storing' | 'done' | 'refused' | 'expired';

/** A passkey that is being made on another device than the one on which it was asked for. */
export interface OtherDeviceFlow extends z.infer<typeof startSchema> {
  readonly state: OtherDeviceState;
  /** The account as it is now. */
  readonly found: FoundAccount;
  /** Where the link was opened; from then on it works nowhere else. */
  readonly joined: z.infer<typeof joinedSchema> | undefined;
  /** The passkey that waits, the number that is on the other screen, and those to choose from on this one. */
  readonly made:
    | { readonly passkey: Passkey; readonly number: string; readonly choices: readonly string[] }
    | undefined;
  readonly decision: OtherDeviceDecision | undefined;
  /** The passkey is one of the account's. */
  readonly isStored: boolean;
}

interface Deps {
  readonly tickets: TicketStore;
  readonly sealer: Sealer;
  readonly signInAccounts: SignInAccounts;
  /** Whether the account still has that session. */
  readonly isSignedIn: (id: AccountId, sessionUid: string) => Promise<boolean>;
  readonly ids: Ids;
  readonly clock: Clock;
}

/**
 * What is known of the passkeys that are being made on other devices, one of an account at a time. Each step is written down once and
 * never changed: of any number of callers at once, one does it.
 */
export class OtherDeviceFlows {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** A flow of the session, which takes the place of the one before. */
  async start({ stored, sessionUid }: Confirmer, device: string): Promise<void> {
    const { tickets, ids, clock } = this.#deps;
    const id = ids.newId();
    const passwordSetAt = stored.password?.setAt.getTime();
    const started = { id, sessionUid, passwordSetAt, startedAt: clock.now().getTime(), device };
    await tickets.put('other-device-link', this.toToken({ id }), { id, accountId: stored.id }, KEPT_SECONDS);
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
      await tickets.take('other-device', stored.id);
      if (await tickets.put('other-device', stored.id, started, KEPT_SECONDS)) return;
    }
    throw new AppError('changed_meanwhile');
  }

  /** The bearer secret of the link. It is kept nowhere: who has the sealing key can make it again. */
  toToken({ id }: Pick<OtherDeviceFlow, 'id'>): string {
    return this.#deps.sealer.digest(id, 'other-device').slice(0, TOKEN_CHARACTERS);
  }

  /** The latest flow of the account; undefined also when the passkey of it was removed again. */
  async find(accountId: AccountId): Promise<OtherDeviceFlow | undefined> {
    const ticket = await this.#deps.tickets.find('other-device', accountId);
    return ticket && this.#read(accountId, startSchema.parse(ticket));
  }

  /** Looking spends nothing. Undefined for a link that never was, was replaced, or is long past. */
  async findByToken(token: string): Promise<OtherDeviceFlow | undefined> {
    const ticket = await this.#deps.tickets.find('other-device-link', token);
    const link = ticket && linkSchema.parse(ticket);
    const flow = link && (await this.find(link.accountId));
    return flow?.id === link?.id ? flow : undefined;
  }

  /** Binds the link to a browser, named by a digest of its secret; false when another was faster. */
  join({ id }: OtherDeviceFlow, joined: z.infer<typeof joinedSchema>): Promise<boolean> {
    return this.#write('other-device-joined', id, joined);
  }

  /** Keeps a passkey until it is approved; false when there is one. */
  async keep({ id }: OtherDeviceFlow, passkey: Passkey): Promise<boolean> {
    const { number, choices } = this.#drawNumbers();
    const { publicKey, createdAt, verifiedAt } = passkey;
    const kept = {
      ...passkey,
      publicKey: Buffer.from(publicKey).toString('base64url'),
      createdAt: createdAt.getTime(),
      verifiedAt: verifiedAt?.getTime(),
    };
    return this.#write('other-device-made', id, { number, choices, passkey: kept });
  }

  /** False when it was decided before. */
  decide({ id }: OtherDeviceFlow, outcome: OtherDeviceDecision): Promise<boolean> {
    return this.#write('other-device-decision', id, { outcome });
  }

  /** Everything that follows from the approval was done. */
  async finish({ id }: OtherDeviceFlow): Promise<void> {
    await this.#write('other-device-done', id, {});
  }

  #write(type: TicketType, id: string, value: TicketValue): Promise<boolean> {
    return this.#deps.tickets.put(type, id, value, KEPT_SECONDS);
  }

  async #read(accountId: AccountId, started: z.infer<typeof startSchema>): Promise<OtherDeviceFlow | undefined> {
    const { tickets, signInAccounts, isSignedIn } = this.#deps;
    const { id, sessionUid } = started;
    const [found, hasSession, ...kept] = await Promise.all([
      signInAccounts.find(accountId),
      isSignedIn(accountId, sessionUid),
      tickets.find('other-device-joined', id),
      tickets.find('other-device-made', id),
      tickets.find('other-device-decision', id),
      tickets.find('other-device-done', id),
    ]);
    if (!found) return undefined;
    const [joinedTicket, madeTicket, decisionTicket, doneTicket] = kept;
    const joined = joinedTicket && joinedSchema.parse(joinedTicket);
    const made = madeTicket && madeSchema.parse(madeTicket);
    const decision = decisionTicket && decisionSchema.parse(decisionTicket).outcome;
    const isLive = hasSession && this.#isLive(started, found);
    const isStored = made !== undefined && found.account.passkeys.some((passkey) => passkey.id === made.passkey.id);
    const isFinished = doneTicket !== undefined;
    if (isFinished && !isStored) return undefined;
    const state = judge({ isLive, isStored, isFinished, joined, made, decision });
    return { ...started, state, found, joined, made, decision, isStored };
  }

  /** Nothing has happened to the account that ought to end it. */
  #isLive(
    { startedAt, passwordSetAt }: Pick<OtherDeviceFlow, 'startedAt' | 'passwordSetAt'>,
    { account, stored, policy }: FoundAccount,
  ): boolean {
    const isInTime = addSeconds(startedAt, OTHER_DEVICE_SECONDS) > this.#deps.clock.now();
    const isSamePassword = stored.password?.setAt.getTime() === passwordSetAt;
    return isInTime && isSamePassword && !account.disabled && policy.passkey !== 'off';
  }

  /** Three different ones; where the right one stands tells nothing. */
  #drawNumbers(): { readonly number: string; readonly choices: readonly string[] } {
    const number = this.#deps.ids.newDigits(2);
    const choices = new Set([number]);
    while (choices.size < 3) choices.add(this.#deps.ids.newDigits(2));
    return { number, choices: [...choices].toSorted() };
  }
}

interface Facts extends Pick<OtherDeviceFlow, 'joined' | 'made' | 'decision' | 'isStored'> {
  readonly isLive: boolean;
  readonly isFinished: boolean;
}

function judge({ isLive, isStored, isFinished, joined, made, decision }: Facts): OtherDeviceState {
  if (decision === 'refused') return 'refused';
  if (decision === 'withdrawn') return 'expired';
  if (isFinished) return 'done';
  if (!isLive) return isStored ? 'done' : 'expired'; // who approved it never came back to finish
  if (decision === 'approved') return 'storing';
  if (made) return 'approval';
  return joined ? 'opened' : 'pending';
}
