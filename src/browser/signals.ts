import type { PasskeySignals } from '../wire/passkey-answers.ts';

/**
 * Tells the browser's password managers what the server knows, so that they offer no dead or misnamed passkey.
 * They may lack the calls, and nobody waits for them: whatever goes wrong stays here.
 */
export function sendSignals({ rpId, userId, name, displayName, acceptedIds }: PasskeySignals): void {
  quietly(() =>
    PublicKeyCredential.signalAllAcceptedCredentials({ rpId, userId, allAcceptedCredentialIds: [...acceptedIds] }),
  );
  quietly(() => PublicKeyCredential.signalCurrentUserDetails({ rpId, userId, name, displayName }));
}

/** Tells them that the server has no such passkey. */
export function signalUnknown(rpId: string, credentialId: string): void {
  quietly(() => PublicKeyCredential.signalUnknownCredential({ rpId, credentialId }));
}

async function quietly(send: () => Promise<void>): Promise<void> {
  try {
    await send();
  } catch {
    // A hint that was not taken changes nothing for the person.
  }
}
