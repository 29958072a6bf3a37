import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PRESETS } from '../../config/presets.ts';
import type { Policy } from '../../src/organizations/policy.ts';
import { nextStep, type SignInAccount, type Step } from '../../src/sign-in/next-step.ts';
import type { Proof, SignIn } from '../../src/sign-in/sign-in.ts';
import {
  ACCOUNT,
  buildNamedSignIn,
  buildSignInAccount,
  ENROLLED_AT,
  NOW,
  ORGANIZATION,
  PHONE,
  proveCode,
  provePasskey,
  provePassword,
  RECOVERY_CODES,
} from '../support/sign-ins.ts';

const SOMEBODY = buildSignInAccount();
const PASSKEYS = [{ id: PHONE, hardware: false }];
const TOTP = { totpSince: ENROLLED_AT };
const NOBODY_YET = { organizationId: undefined, identifier: undefined, accountId: undefined };

type Second = Extract<Step, { type: 'second-factor' }>['methods'];

/** A person in front of the page: asserts what is asked, and does it. */
class Visit {
  readonly #policy: Policy;
  #account: SignInAccount;
  #signIn: SignIn;

  constructor(policy: Policy, account: SignInAccount = SOMEBODY, given: Partial<SignIn> = {}) {
    this.#policy = policy;
    this.#account = account;
    this.#signIn = buildNamedSignIn(given);
  }

  #step(): Step {
    const account = this.#signIn.accountId === undefined ? undefined : this.#account;
    return nextStep(this.#signIn, account, this.#policy, NOW);
  }

  #change(change: Partial<SignIn>): this {
    this.#signIn = { ...this.#signIn, ...change };
    return this;
  }

  asks(expected: Step): this {
    assert.deepEqual(this.#step(), expected);
    return this;
  }

  asksForSecond(...methods: Second): this {
    const [first] = methods;
    assert.ok(first);
    return this.asks({ type: 'second-factor', methods, first });
  }

  namesOrganization(): this {
    const accountId = this.#signIn.identifier === undefined ? undefined : ACCOUNT;
    return this.#change({ organizationId: ORGANIZATION, accountId });
  }

  typesEmail(): this {
    const accountId = this.#signIn.organizationId === undefined ? undefined : ACCOUNT;
    return this.#change({ identifier: 'ada@example.com', accountId });
  }

  proves(proof: Proof): this {
    return this.#change({ proofs: [...this.#signIn.proofs, proof] });
  }

  /** Without having typed anything: the passkey says who it is. */
  usesDiscoverablePasskey(): this {
    return this.#change({ accountId: ACCOUNT, organizationId: ORGANIZATION }).proves(provePasskey(PHONE));
  }

  makesPasskey(): this {
    this.#account = { ...this.#account, passkeys: PASSKEYS };
    return this.#change({ made: [PHONE], offerAnswered: true });
  }

  declines(): this {
    return this.#change({ offerAnswered: true });
  }

  isDone(acr: string, amr: string): void {
    const step = this.#step();
    assert.ok(step.type === 'done', `still asks: ${JSON.stringify(step)}`);
    assert.deepEqual([step.acr, step.amr.join(' ')], [acr, amr]);
  }
}

test('portal: organization, NEXT, name and password; without a passkey that is all', () => {
  new Visit(PRESETS.portal, SOMEBODY, NOBODY_YET)
    .asks({ type: 'organization' })
    .namesOrganization()
    .asks({ type: 'identify', passkey: false, organization: false })
    .typesEmail()
    .asks({ type: 'password', passkey: false, recoveryCode: false })
    .proves(provePassword())
    .isDone('urn:cardea:acr:pwd', 'pwd');
});

test('portal: once added, the passkey is asked for after the password, and VERIFY WITH TOTP remains', () => {
  const account = buildSignInAccount({ passkeys: PASSKEYS, ...TOTP });
  const second = () => new Visit(PRESETS.portal, account).proves(provePassword()).asksForSecond('passkey', 'totp');
  second().proves(provePasskey(PHONE)).isDone('phr', 'pwd pop user mfa');
  second().proves(proveCode('totp')).isDone('urn:cardea:acr:mfa', 'pwd otp mfa');
});

test('portal: a deleted passkey is not asked for any more', () => {
  new Visit(PRESETS.portal, buildSignInAccount(TOTP)).proves(provePassword()).asksForSecond('totp');
  new Visit(PRESETS.portal).proves(provePassword()).isDone('urn:cardea:acr:pwd', 'pwd');
});

test('two-factor: who has no second factor makes a passkey and uses it', () => {
  new Visit(PRESETS['two-factor'])
    .asks({ type: 'password', passkey: false, recoveryCode: false })
    .proves(provePassword())
    .asks({ type: 'enrol-passkey', must: true })
    .makesPasskey()
    .asksForSecond('passkey')
    .proves(provePasskey(PHONE))
    .isDone('phr', 'pwd pop user mfa');
});

test('two-factor: who has an authenticator app uses it, and is offered a passkey', () => {
  const offered = () =>
    new Visit(PRESETS['two-factor'], buildSignInAccount({ ...TOTP, passkeyOfferDue: true }))
      .proves(provePassword())
      .asksForSecond('totp')
      .proves(proveCode('totp'))
      .asks({ type: 'enrol-passkey', must: false });
  offered().declines().isDone('urn:cardea:acr:mfa', 'pwd otp mfa');
  offered().makesPasskey().isDone('urn:cardea:acr:mfa', 'pwd otp mfa');
});

test('two-factor: passkey first, the others behind it, and never the passkey without the password', () => {
  const account = buildSignInAccount({ passkeys: PASSKEYS, ...TOTP, recoveryCodes: RECOVERY_CODES });
  new Visit(PRESETS['two-factor'], account)
    .proves(provePasskey(PHONE))
    .asks({ type: 'password', passkey: false, recoveryCode: false })
    .proves(provePassword())
    .isDone('phr', 'pwd pop user mfa');
  new Visit(PRESETS['two-factor'], account).proves(provePassword()).asksForSecond('passkey', 'totp', 'recovery-code');
});

test('convenience: Login with Passkey from the page, with nothing typed', () => {
  const account = buildSignInAccount({ passkeys: PASSKEYS, ...TOTP });
  new Visit(PRESETS.convenience, account, { ...NOBODY_YET, organizationId: ORGANIZATION })
    .asks({ type: 'identify', passkey: true, organization: false })
    .usesDiscoverablePasskey()
    .isDone('phr', 'pop user mfa');
});

test('convenience: the password with its second factor stays as the fallback', () => {
  const account = buildSignInAccount({ passkeys: PASSKEYS, ...TOTP });
  new Visit(PRESETS.convenience, account)
    .asks({ type: 'password', passkey: true, recoveryCode: true })
    .proves(provePassword())
    .asksForSecond('totp', 'passkey')
    .proves(proveCode('totp'))
    .isDone('urn:cardea:acr:mfa', 'pwd otp mfa');
});

test('convenience: who signs in with a password is offered a passkey, and is not asked for it at once', () => {
  const offered = () =>
    new Visit(PRESETS.convenience, buildSignInAccount({ passkeyOfferDue: true }))
      .proves(provePassword())
      .asks({ type: 'enrol-passkey', must: false });
  offered().makesPasskey().isDone('urn:cardea:acr:pwd', 'pwd');
  offered().declines().isDone('urn:cardea:acr:pwd', 'pwd');
});

test('convenience: who lost the only way in begins with a recovery code, and makes another', () => {
  const account = buildSignInAccount({ passwordSetAt: undefined, passkeys: [], recoveryCodes: RECOVERY_CODES });
  new Visit(PRESETS.convenience, account)
    .asks({ type: 'password', passkey: true, recoveryCode: true })
    .proves(proveCode('recovery-code'))
    .asks({ type: 'enrol-passkey', must: true, recovers: true })
    .makesPasskey()
    .isDone('urn:cardea:acr:recovery', 'otp');
});

test('workspace: a passkey straight from the page; it skips the second factor', () => {
  new Visit(PRESETS.workspace, buildSignInAccount({ passkeys: PASSKEYS, ...TOTP }), NOBODY_YET)
    .asks({ type: 'identify', passkey: true, organization: true })
    .usesDiscoverablePasskey()
    .isDone('phr', 'pop user mfa');
});

test('workspace: e-mail, organization, then the passkey in place of the password', () => {
  new Visit(PRESETS.workspace, buildSignInAccount({ passkeys: PASSKEYS, ...TOTP }), NOBODY_YET)
    .typesEmail()
    .asks({ type: 'organization' })
    .namesOrganization()
    .asks({ type: 'password', passkey: true, recoveryCode: true })
    .proves(provePasskey(PHONE))
    .isDone('phr', 'pop user mfa');
});

test('workspace: the other ways to sign in stay as they were', () => {
  const withPasskey = buildSignInAccount({ passkeys: PASSKEYS });
  new Visit(PRESETS.workspace, withPasskey).proves(provePassword()).isDone('urn:cardea:acr:pwd', 'pwd');
  new Visit(PRESETS.workspace, { ...withPasskey, ...TOTP })
    .proves(provePassword())
    .asksForSecond('totp', 'passkey')
    .proves(proveCode('totp'))
    .isDone('urn:cardea:acr:mfa', 'pwd otp mfa');
});

test('workspace: where the organization requires single sign-on, neither passkey nor password is taken', () => {
  const sso = { issuer: 'https://upstream.example.com', clientId: 'cardea', required: true };
  const account = buildSignInAccount({ passkeys: PASSKEYS });
  for (const proof of [provePasskey(PHONE), provePassword()]) {
    new Visit({ ...PRESETS.workspace, sso }, account).proves(proof).asks({ type: 'refused', code: 'sso_required' });
  }
});

test('passwordless: with the password still on, the authenticator app follows it, else a code by e-mail', () => {
  new Visit(PRESETS.passwordless, buildSignInAccount({ ...TOTP, receivesCodes: true }))
    .asks({ type: 'password', passkey: true, recoveryCode: false })
    .proves(provePassword())
    .asksForSecond('totp', 'email-code');
  new Visit(PRESETS.passwordless, buildSignInAccount({ receivesCodes: true, passkeyOfferDue: true }))
    .proves(provePassword())
    .asksForSecond('email-code')
    .proves(proveCode('email-code'))
    .asks({ type: 'enrol-passkey', must: false })
    .makesPasskey()
    .isDone('urn:cardea:acr:pwd', 'pwd otp');
});

test('passwordless: once the password is switched off only the passkey passes, and the page does not tell', () => {
  const account = buildSignInAccount({ passwordSetAt: undefined, passkeys: PASSKEYS, ...TOTP });
  new Visit(PRESETS.passwordless, account)
    .asks({ type: 'password', passkey: true, recoveryCode: false })
    .proves(provePassword())
    .proves(proveCode('totp'))
    .asks({ type: 'password', passkey: true, recoveryCode: false })
    .proves(provePasskey(PHONE))
    .isDone('phr', 'pop user mfa');
});
