/** What a ticket is for. A ticket of one type never answers for another. */
export type TicketType =
  | 'passkey-challenge'
  | 'passkey-challenges'
  | 'totp-enrolment'
  | 'set-up'
  | 'set-up-turn'
  | 'sign-up'
  | 'new-address'
  | 'confirmation'
  | 'sign-in-again'
  | 'removal'
  | 'not-me'
  | 'email-code'
  | 'email-link'
  | 'email-link-state'
  | 'recovery'
  | 'other-device'
  | 'other-device-link'
  | 'other-device-joined'
  | 'other-device-made'
  | 'other-device-decision'
  | 'other-device-done';

/** JSON data. */
export type TicketValue = { readonly [key: string]: unknown };

/** Short-lived, single-use values. Ids are bearer secrets: stores keep only their digest. */
export interface TicketStore {
  /** False when a live ticket of that type has the id. It expires `ttlSeconds` from now. */
  put(type: TicketType, id: string, value: TicketValue, ttlSeconds: number): Promise<boolean>;
  /** Reads without spending; absent and expired are undefined. */
  find(type: TicketType, id: string): Promise<TicketValue | undefined>;
  /** Spends it in one step: of any number of callers at once, one gets the value. Absent, spent and expired are undefined. */
  take(type: TicketType, id: string): Promise<TicketValue | undefined>;
}
