import type { Proof } from './sign-in.ts';

/** Authentication context class references that this provider issues, strongest first. */
export const ACR_VALUES = [
  'phrh',
  'phr',
  'urn:cardea:acr:mfa',
  'urn:cardea:acr:pwd',
  'urn:cardea:acr:recovery',
] as const;

export type Acr = (typeof ACR_VALUES)[number];

/** Authentication method references (RFC 8176). `pop` and `user`: a key was proved, by a verified person. */
export type Amr = 'hwk' | 'pop' | 'user' | 'pwd' | 'otp' | 'mfa';

/** What relying applications are told about how somebody signed in. */
export interface Assurance {
  readonly acr: Acr;
  readonly amr: readonly Amr[];
}

/** The strongest that a set of proofs amounts to, so that one more never weakens it; undefined when it proves nobody. */
export function assess(proofs: readonly Proof[]): Assurance | undefined {
  const methods = new Set(proofs.map(({ method }) => method));
  const passkeys = proofs.filter((proof) => proof.method === 'passkey').filter(({ userVerified }) => userVerified);
  const password = methods.has('password');

  if (passkeys.length > 0) {
    const rest: Amr[] = password ? ['pwd', 'pop', 'user', 'mfa'] : ['pop', 'user', 'mfa'];
    const hardware = passkeys.some((proof) => proof.hardware);
    return hardware ? { acr: 'phrh', amr: ['hwk', ...rest] } : { acr: 'phr', amr: rest };
  }
  if (password && methods.has('totp')) return { acr: 'urn:cardea:acr:mfa', amr: ['pwd', 'otp', 'mfa'] };
  const code = methods.has('email-code') || methods.has('recovery-code');
  if (password) return { acr: 'urn:cardea:acr:pwd', amr: code ? ['pwd', 'otp'] : ['pwd'] };
  const recovery = methods.has('recovery-code') || methods.has('recovery-link');
  return recovery ? { acr: 'urn:cardea:acr:recovery', amr: ['otp'] } : undefined;
}

/** Whether a sign-in that reached `reached` may be called `wanted`; an `acr` that is not ours is never reached. */
export function satisfies(reached: string | undefined, wanted: string): boolean {
  const reachedRank = rankOf(reached);
  const wantedRank = rankOf(wanted);
  return reachedRank !== undefined && wantedRank !== undefined && reachedRank <= wantedRank;
}

/** The `acr` to issue: the first requested one that was reached, else the reached one itself. */
export function acrToIssue(reached: string | undefined, requested: readonly string[]): string | undefined {
  return requested.find((wanted) => satisfies(reached, wanted)) ?? reached;
}

function rankOf(acr: string | undefined): number | undefined {
  const rank = ACR_VALUES.indexOf(acr as Acr); // indexOf answers -1 for any other text
  return rank === -1 ? undefined : rank;
}
