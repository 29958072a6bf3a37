import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { addSeconds } from '../../src/lib/clock.ts';
import type { OrganizationId, PasskeyId } from '../../src/lib/ids.ts';
import type { Policy } from '../../src/organizations/policy.ts';
import { satisfies } from '../../src/sign-in/assurance.ts';
import { canReach, nextStep, type SignInAccount, type Step } from '../../src/sign-in/next-step.ts';
import type { Proof, SignIn } from '../../src/sign-in/sign-in.ts';
import { anyAccount, anyForeignProof, anyPolicy, anySignIn } from '../support/sign-in-arbitraries.ts';
import { findRightAssurance, isAllowed, isStillTrue } from '../support/sign-in-rules.ts';
import { ACCOUNT, NOW, OTHER_ACCOUNT, proveEverythingHeld } from '../support/sign-ins.ts';

const MANY = { numRuns: 5000 };

test('no proofs pass that the policy and the demand do not accept', () => {
  const property = fc.property(anySignIn, anyAccount, anyPolicy, (signIn, account, policy) => {
    const step = nextStep(signIn, account, policy, NOW);
    const told = step.type === 'done' ? `${step.acr}: ${step.amr.join(' ')}` : undefined;
    const right = findRightAssurance(signIn, account, policy);
    assert.equal(told, right && `${right.acr}: ${right.amr}`);
  });
  fc.assert(property, MANY);
});

test('proofs of another account change nothing, wherever they stand', () => {
  const intruders = fc.array(fc.tuple(anyForeignProof, fc.nat()), { minLength: 1, maxLength: 4 });
  const property = fc.property(anySignIn, intruders, anyAccount, anyPolicy, (signIn, foreign, account, policy) => {
    const proofs = [...signIn.proofs];
    for (const [proof, at] of foreign) proofs.splice(at % (proofs.length + 1), 0, proof);
    assert.deepEqual(nextStep({ ...signIn, proofs }, account, policy, NOW), nextStep(signIn, account, policy, NOW));
  });
  fc.assert(property, MANY);
});

test('the order of proofs and their repetition change nothing', () => {
  const property = fc.property(anySignIn, anyAccount, anyPolicy, (signIn, account, policy) => {
    const proofs = [...signIn.proofs, ...signIn.proofs.toReversed()];
    const again = { ...signIn, proofs: proofs.toReversed() };
    const turned = { ...signIn, proofs: signIn.proofs.toReversed() };
    assert.deepEqual(nextStep(again, account, policy, NOW), nextStep(signIn, account, policy, NOW));
    assert.deepEqual(nextStep(turned, account, policy, NOW), nextStep(signIn, account, policy, NOW));
  });
  fc.assert(property, MANY);
});

test('until a proof counts, the step is the same for every account and for none', () => {
  const typed = fc.record({
    identifier: fc.constantFrom(undefined, 'ada@example.com'),
    organizationId: fc.constantFrom(undefined, 'organization' as OrganizationId), // an id is plain text to the decision
    accountId: fc.constantFrom(undefined, ACCOUNT),
  });
  const property = fc.property(anySignIn, typed, anyAccount, anyPolicy, (given, names, account, policy) => {
    const proofs = given.proofs.filter((proof) => !doesCount(proof, { signIn: given, account, policy }));
    const signIn = { ...given, ...names, proofs };
    const unknown = nextStep({ ...signIn, accountId: undefined, proofs: [] }, undefined, policy, NOW);
    assert.deepEqual(nextStep(signIn, account, policy, NOW), unknown);
    assert.deepEqual(nextStep(signIn, undefined, policy, NOW), unknown);
    assert.ok(unknown.type !== 'done' && unknown.type !== 'second-factor' && unknown.type !== 'enrol-passkey');
  });
  fc.assert(property, MANY);
});

test('a disabled account, or one that the sign-in is not about, is as good as unknown, whatever was proved', () => {
  const property = fc.property(anySignIn, anyAccount, anyPolicy, (signIn, account, policy) => {
    const unknown = nextStep({ ...signIn, proofs: [] }, undefined, policy, NOW);
    const elsewhere = 'other-organization' as OrganizationId; // an id is plain text to the decision
    assert.deepEqual(nextStep(signIn, { ...account, disabled: true }, policy, NOW), unknown);
    assert.deepEqual(nextStep(signIn, { ...account, id: OTHER_ACCOUNT }, policy, NOW), unknown);
    assert.deepEqual(nextStep(signIn, { ...account, organizationId: elsewhere }, policy, NOW), unknown);
  });
  fc.assert(property, MANY);
});

test('a sign-in at its end is refused, whatever it holds', () => {
  const late = fc.integer({ min: 0, max: 86_400 });
  const property = fc.property(anySignIn, late, anyAccount, anyPolicy, (signIn, seconds, account, policy) => {
    const step = nextStep({ ...signIn, expiresAt: addSeconds(NOW, -seconds) }, account, policy, NOW);
    assert.deepEqual(step, { type: 'refused', code: 'sign_in_expired' });
  });
  fc.assert(property);
});

test('an organization that requires single sign-on refuses every other way', () => {
  const property = fc.property(anySignIn, anyAccount, anyPolicy, (signIn, account, policy) => {
    const sso = { issuer: 'https://upstream.example.com', clientId: 'cardea', required: true };
    assert.deepEqual(nextStep(signIn, account, { ...policy, sso }, NOW), { type: 'refused', code: 'sso_required' });
  });
  fc.assert(property);
});

test('nobody passes an essential demand with a weaker acr, nor under a name that was not demanded', () => {
  let passed = 0;
  const property = fc.property(anySignIn, anyAccount, anyPolicy, (signIn, account, policy) => {
    const step = nextStep(signIn, account, policy, NOW);
    const { acr, essential, accountId = account.id } = signIn.demand;
    if (step.type !== 'done') return;
    passed += 1;
    assert.equal(step.accountId, accountId);
    if (essential && acr.length > 0) assert.ok(acr.some((wanted) => satisfies(step.acr, wanted)));
  });
  fc.assert(property, MANY);
  assert.ok(passed > 50, `only ${passed} of them passed`);
});

test('one more proof never takes a person further from done', () => {
  const property = fc.property(anySignIn, anyAccount, anyPolicy, fc.nat(), (signIn, account, policy, choice) => {
    const held = proveEverythingHeld(account);
    const proof = held[choice % held.length];
    fc.pre(proof !== undefined);
    const before = { signIn, account, policy };
    assert.ok(countStepsLeft(addProof(before, proof)) <= countStepsLeft(before));
  });
  fc.assert(property, MANY);
});

test('whoever has a way in is led to an end, by things that they have', () => {
  const property = fc.property(anySignIn, anyAccount, anyPolicy, (signIn, account, policy) => {
    fc.pre(hasWayIn(account, policy));
    assertLeadsToAnEnd({ signIn, account, policy });
  });
  fc.assert(property, MANY);
});

test('a recovery code alone never passes: a passkey was made with it, or used, or the password proved', () => {
  let passed = 0;
  const property = fc.property(anySignIn, anyAccount, anyPolicy, (signIn, account, policy) => {
    const proofs = signIn.proofs.filter((proof) => doesCount(proof, { signIn, account, policy }));
    fc.pre(proofs.some(({ method }) => method === 'recovery-code'));
    fc.pre(proofs.every(({ method }) => method !== 'password' && method !== 'passkey'));
    const step = nextStep(signIn, account, policy, NOW);
    if (step.type !== 'done') return;
    passed += 1;
    assert.deepEqual([step.acr, step.amr], ['urn:cardea:acr:recovery', ['otp']]);
    assert.ok(account.passkeys.some(({ id }) => signIn.made.includes(id)));
  });
  fc.assert(property, MANY);
  assert.ok(passed > 20, `only ${passed} of them passed`);
});

test('a demand is called reachable exactly when some sign-in of the account would meet it', () => {
  const property = fc.property(anySignIn, anyAccount, anyPolicy, (given, account, policy) => {
    const acr = given.demand.acr.slice(0, 1);
    // The policy's own second factor and offers play no part: only what the account could prove.
    const free = { ...policy, secondFactor: 'off', enrolPasskey: 'manual', sso: undefined } as const;
    const demand = { acr, essential: true };
    const signIn = { ...given, demand, proofs: proveEverythingHeld(account) };
    fc.pre(acr.length > 0);
    assert.equal(canReach(demand, account, free), nextStep(signIn, account, free, NOW).type === 'done');
  });
  fc.assert(property, MANY);
});

/** A sign-in in the hands of an honest person. */
interface World {
  readonly signIn: SignIn;
  readonly account: SignInAccount;
  readonly policy: Policy;
}

const decide = ({ signIn, account, policy }: World): Step => nextStep(signIn, account, policy, NOW);

/** Every way in which the person, with what they have, can do what the step asks. */
function follow(world: World, step: Step): readonly World[] {
  const proveBy = (methods: readonly Proof['method'][]) =>
    proveEverythingHeld(world.account)
      .filter(({ method }) => methods.includes(method))
      .map((proof) => addProof(world, proof));

  switch (step.type) {
    case 'password':
    case 'passkey': {
      const passkey = step.type === 'passkey' || step.passkey;
      return proveBy([
        ...(step.type === 'password' ? ['password' as const] : []),
        ...(passkey ? ['passkey' as const] : []),
        ...(step.recoveryCode ? ['recovery-code' as const] : []),
      ]);
    }
    case 'second-factor':
      return proveBy(step.methods);
    case 'enrol-passkey':
      return [
        makePasskey(world),
        ...(step.passkey ? proveBy(['passkey']) : []),
        ...(step.must ? [] : [decline(world)]),
      ];
    case 'new-recovery-codes':
      return (['made', 'declined'] as const).map((newCodes) => ({ ...world, signIn: { ...world.signIn, newCodes } }));
    default:
      return [];
  }
}

function addProof({ signIn, ...world }: World, proof: Proof): World {
  return { ...world, signIn: { ...signIn, proofs: [...signIn.proofs, proof] } };
}

function makePasskey({ signIn, account, policy }: World): World {
  const id = 'new-passkey' as PasskeyId; // an id is plain text to the decision
  return {
    policy,
    account: { ...account, passkeys: [...account.passkeys, { id, hardware: false }] },
    signIn: { ...signIn, made: [...signIn.made, id], offerAnswered: true },
  };
}

function decline({ signIn, ...world }: World): World {
  return { ...world, signIn: { ...signIn, offerAnswered: true } };
}

/** The fewest things that the person still has to do; infinite when the way ends elsewhere. */
function countStepsLeft(world: World, patience = 5): number {
  const step = decide(world);
  if (step.type === 'done') return 0;
  if (patience === 0) return Number.POSITIVE_INFINITY;
  return 1 + Math.min(...follow(world, step).map((next) => countStepsLeft(next, patience - 1)));
}

/** From here, each step can be followed, and the best that can be done at it leads to another step. */
function assertLeadsToAnEnd(world: World, patience = 6): void {
  const step = decide(world);
  if (step.type === 'done' || step.type === 'refused') return;
  assert.ok(patience > 0, `still at ${step.type}`);
  const moved = follow(world, step).filter((next) => JSON.stringify(decide(next)) !== JSON.stringify(step));
  assert.ok(moved.length > 0, `stuck at ${step.type}`);
  for (const next of moved) assertLeadsToAnEnd(next, patience - 1);
}

function hasWayIn({ passwordSetAt, passkeys, recoveryCodes }: SignInAccount, policy: Policy): boolean {
  const mayRecover = policy.secondFactors.includes('recovery-code') && recoveryCodes !== undefined;
  return (
    (policy.password !== 'off' && passwordSetAt !== undefined) ||
    (policy.passkey === 'alone' && (passkeys.length > 0 || (mayRecover && recoveryCodes.left > 0)))
  );
}

function doesCount(proof: Proof, { signIn, account, policy }: World): boolean {
  return proof.accountId === account.id && isAllowed(proof, policy) && isStillTrue(proof, account, signIn);
}
