/** How somebody signed in, as a person would say it. */
export type SignInWay = 'passkey' | 'password-passkey' | 'password-totp' | 'password-code' | 'password' | 'recovery';

/** The way behind the `amr` that `assess` answers; undefined for any other, such as an upstream provider's. */
export function findSignInWay(amr: readonly string[]): SignInWay | undefined {
  const has = (value: string) => amr.includes(value);
  if (has('pop')) return has('pwd') ? 'password-passkey' : 'passkey';
  if (has('pwd') && has('otp')) return has('mfa') ? 'password-totp' : 'password-code';
  if (has('pwd')) return 'password';
  return has('otp') ? 'recovery' : undefined;
}
