import { z } from 'zod';

/** How a person confirms that it is still they, before one of their credentials changes. */
export const CONFIRMATION_METHODS = ['passkey', 'password', 'totp', 'email-link', 'email-code'] as const;
/** What may follow a password. */
export const SECOND_FACTORS = ['passkey', 'totp', 'recovery-code', 'email-code'] as const;

const uniqueList = <Value extends string>(values: readonly [Value, ...Value[]]) =>
  z
    .array(z.enum(values))
    .refine((list) => new Set(list).size === list.length, 'names a value twice')
    .readonly();

/** The rules by which the people of one organization sign in. It is data: nothing in the code branches on a preset's name. */
export const policySchema = z
  .strictObject({
    /** When a person names the organization; never asked where there is only one. */
    organizationPrompt: z.enum(['first', 'with-email', 'never']),
    /** Whether a passkey completes a sign-in by itself, only follows a password, or is not used. */
    passkey: z.enum(['alone', 'second', 'off']),
    /** `until-passkey`: off for an account once one of its passkeys has signed in with user verification. */
    password: z.enum(['on', 'until-passkey', 'off']),
    /** Whether something must follow a password. */
    secondFactor: z.enum(['required', 'when-enrolled', 'off']),
    /** In order of preference: the first one enrolled is offered, the others behind "try another way". */
    secondFactors: uniqueList(SECOND_FACTORS),
    /** What happens after a sign-in by someone who has no passkey. */
    enrolPasskey: z.enum(['require', 'offer', 'manual']),
    /** How a signed-in person confirms before a credential changes, in order of preference. */
    confirmWith: uniqueList(CONFIRMATION_METHODS),
    /** Who may create an account; `open` is for whoever shows that their address is theirs, and `unverified` for everybody. */
    signUp: z.enum(['open', 'unverified', 'invitation', 'closed']),
    /** The organization's own OpenID Connect provider; `required` switches every other way off. */
    sso: z.strictObject({ issuer: z.url(), clientId: z.string().min(1), required: z.boolean() }).optional(),
    /** Which authenticators may make passkeys; the lists hold AAGUIDs. */
    attestation: z.discriminatedUnion('mode', [
      z.strictObject({ mode: z.literal('none') }),
      z.strictObject({
        mode: z.literal('verified'),
        allow: z.array(z.guid()).readonly(),
        deny: z.array(z.guid()).readonly(),
        synced: z.enum(['allow', 'refuse']),
      }),
    ]),
    /** Whether a person names a passkey before it is made or after. */
    namePasskey: z.enum(['before', 'after']),
    /**
     * Whoever reads the mail of an account may make a passkey for it, where one signs in by itself, and after a time in which its owner can
     * stop them; absent: nobody may.
     */
    recoveryByEmail: z.strictObject({ waitingHours: z.int().min(1).max(720) }).optional(),
  })
  .superRefine((policy, context) => {
    if (policy.passkey === 'off' && policy.password === 'off' && !policy.sso?.required) {
      context.addIssue({ code: 'custom', path: ['password'], message: 'leaves no way to sign in' });
    }
    if (policy.passkey === 'second' && policy.password !== 'on') {
      context.addIssue({ code: 'custom', path: ['passkey'], message: 'needs a password that stays, before it' });
    }
    if (policy.passkey === 'off' && (policy.enrolPasskey !== 'manual' || policy.password === 'until-passkey')) {
      context.addIssue({ code: 'custom', path: ['passkey'], message: 'is demanded elsewhere in the policy' });
    }
    if (policy.passkey === 'off' && policy.secondFactors.includes('passkey')) {
      context.addIssue({ code: 'custom', path: ['secondFactors'], message: 'names the passkey, which is off' });
    }
    if (policy.secondFactor !== 'off' && policy.secondFactors.length === 0) {
      context.addIssue({ code: 'custom', path: ['secondFactors'], message: 'is empty' });
    }
  })
  .readonly();

export type Policy = z.infer<typeof policySchema>;
export type SecondFactor = (typeof SECOND_FACTORS)[number];
export type ConfirmationMethod = (typeof CONFIRMATION_METHODS)[number];
