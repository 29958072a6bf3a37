const MINUTE = 60;
const DAY = 24 * 60 * MINUTE;

/** How long things are good for, in seconds. */
export const LIFETIMES = {
  authorizationCode: MINUTE,
  accessToken: 10 * MINUTE,
  idToken: 10 * MINUTE,
  refreshTokenIdle: 14 * DAY,
  refreshTokenAbsolute: 90 * DAY,
  /** How long the page of a sign-in may stand open before it is used: an authorization request that waits for its person. */
  interaction: 90 * MINUTE,
  /** How long a sign-in may take once it was begun; what was proved is of no use afterwards. */
  signIn: 15 * MINUTE,
} as const;

/** Which claims a scope asks for (OpenID Connect Core 1.0 §5.4, and `organization` of our own). */
export const SCOPE_CLAIMS = {
  profile: ['name', 'given_name', 'family_name', 'preferred_username', 'picture', 'locale', 'zoneinfo', 'updated_at'],
  email: ['email', 'email_verified'],
  phone: ['phone_number', 'phone_number_verified'],
  address: ['address'],
  organization: ['org_id', 'org_name'],
} as const;
