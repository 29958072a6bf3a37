import { z } from 'zod';
import type { PasskeyId } from '../lib/ids.ts';

const answerSchema = z.object({ id: z.string(), authenticatorAttachment: z.literal('platform') });

/**
 * The passkey with which the device itself answered a ceremony, and not a phone or a key beside it (WebAuthn Level 3 §5.4.5): as the
 * browser says, for display only. Ask it of answers that were accepted; undefined for any other.
 */
export function findPasskeyHere(response: unknown): PasskeyId | undefined {
  const answer = answerSchema.safeParse(response);
  return answer.success ? (answer.data.id as PasskeyId) : undefined; // the answer was accepted, so that it is one
}
