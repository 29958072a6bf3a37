import type { MailLimits } from '../email-proofs/mail-limits.ts';
import { AppError } from '../lib/app-error.ts';
import type { Notices } from '../notices/notices.ts';
import type { Passkeys } from '../passkeys/passkeys.ts';
import { ADDING_PASSKEY, type Confirmations, type Confirmer } from './confirmation.ts';
import type { Confirming } from './confirming.ts';
import { OTHER_DEVICE_SECONDS, type OtherDeviceFlow, type OtherDeviceFlows } from './other-device-flows.ts';

interface Deps {
  readonly issuer: string;
  readonly flows: OtherDeviceFlows;
  readonly confirmations: Confirmations;
  readonly confirming: Confirming;
  readonly passkeys: Passkeys;
  readonly notices: Notices;
  readonly mailLimits: MailLimits;
}

/**
 * The side of a passkey on another device that a person is signed in on: it asks for the passkey, hands out the link, and has the last
 * word. Only the session that began knows of it.
 */
export class InvitingDevice {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** False for who could not prove themselves on the other device. */
  isOffered(person: Confirmer): boolean {
    return this.#deps.confirming.listMethods(person).length > 0;
  }

  /** Uses up the confirmation. Throws `confirmation_required`, `too_many_passkeys`, and `method_not_offered` where it is not. */
  async start(person: Confirmer, device: string): Promise<void> {
    const { flows, confirmations, passkeys, notices } = this.#deps;
    const { stored: account, organization } = person;
    if (!this.isOffered(person)) throw new AppError('method_not_offered');
    await passkeys.requireRoom(account.id);
    await confirmations.spend(person, ADDING_PASSKEY);
    await flows.start(person, device);
    await notices.tell({ type: 'passkey-requested' }, { account, organization, device });
  }

  /** The latest flow, if this session began it and has not called it off. */
  async find({ stored, sessionUid }: Confirmer): Promise<OtherDeviceFlow | undefined> {
    const flow = await this.#deps.flows.find(stored.id);
    return flow?.sessionUid === sessionUid && flow.decision !== 'withdrawn' ? flow : undefined;
  }

  /** The address that leads the other device to its side. */
  toLink(flow: OtherDeviceFlow): string {
    const { issuer, flows } = this.#deps;
    return `${issuer}/other-device/${flows.toToken(flow)}`;
  }

  /** Mails the link, unless the address was sent too many, which nothing tells. */
  async sendLink(person: Confirmer, device: string): Promise<void> {
    const { mailLimits, notices } = this.#deps;
    const flow = await this.find(person);
    if (flow?.state !== 'pending' || !(await mailLimits.allow(person.stored.emailKey))) return;
    const { stored: account, organization } = person;
    const link = this.toLink(flow);
    const message = { type: 'other-device-link', link, validSeconds: OTHER_DEVICE_SECONDS } as const;
    await notices.ask(message, { account, organization, device });
  }

  /**
   * The number that the other screen shows lets the passkey in; any other ends the flow. There is one try, whoever makes it: once it is
   * decided, another does nothing. Where storing what was approved was broken off, it goes on. `flowId`: the flow that the number was
   * shown for, which another tab may have replaced. Throws `too_many_passkeys`.
   */
  async choose(person: Confirmer, flowId: string, number: string): Promise<void> {
    const flow = await this.#findSame(person, flowId);
    if (flow?.state === 'storing') return this.#store(person, flow);
    if (flow?.state !== 'approval') return;
    const isRight = number === flow.made?.number;
    const isFirst = await this.#deps.flows.decide(flow, isRight ? 'approved' : 'refused');
    if (isRight && isFirst) await this.#store(person, flow);
  }

  /** Does nothing once it is decided. */
  async withdraw(person: Confirmer, flowId: string): Promise<void> {
    const flow = await this.#findSame(person, flowId);
    if (flow) await this.#deps.flows.decide(flow, 'withdrawn');
  }

  async #findSame(person: Confirmer, flowId: string): Promise<OtherDeviceFlow | undefined> {
    const flow = await this.find(person);
    return flow?.id === flowId ? flow : undefined;
  }

  /** Each step may have been done before a crash. */
  async #store(person: Confirmer, flow: OtherDeviceFlow): Promise<void> {
    const { flows, passkeys, notices } = this.#deps;
    const { made, joined, isStored } = flow;
    if (!made || !joined) return;
    const { passkey } = made;
    if (!isStored) await passkeys.add(passkey);
    const { stored: account, organization } = person;
    const about = { account, organization, device: joined.device, target: passkey.id };
    await notices.tell({ type: 'passkey-added', passkeyName: passkey.name }, about);
    await flows.finish(flow);
  }
}
