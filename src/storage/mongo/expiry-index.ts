import type { Schema } from 'mongoose';

const DAY_SECONDS = 86_400;

/**
 * Lets MongoDB remove documents a day after their `expiresAt`. That only tidies up: whether something is expired is decided when it is
 * read, by our own clock, of which MongoDB's may be ahead.
 */
export function addExpiryIndex(schema: Schema): void {
  schema.index({ expiresAt: 1 }, { name: 'expiry', expireAfterSeconds: DAY_SECONDS });
}
