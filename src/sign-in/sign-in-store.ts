import type { SignInId } from '../lib/ids.ts';
import type { SignIn } from './sign-in.ts';

/** Short-lived. */
export interface SignInStore {
  /** False when the id is taken by a live one. It is gone at `expiresAt`. */
  insert(signIn: SignIn): Promise<boolean>;
  find(id: SignInId): Promise<SignIn | undefined>;
  /** Replaces the sign-in whose stored version is one less than the given one, in one step; false when it is not, or it is gone. */
  update(signIn: SignIn): Promise<boolean>;
  /** False when it was gone already: of any number of callers at once, one ends it. */
  delete(id: SignInId): Promise<boolean>;
}
