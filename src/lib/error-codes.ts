/**
 * Every refusal there is: code → HTTP status. What a person reads for it is in the language file under the same code.
 * docs/errors.md is generated from both, and a test compares them.
 */
export const ERROR_STATUS = {
  malformed_request: 400,
  weak_password: 400,
  wrong_new_code: 400,
  organization_unknown: 400,
  passkey_not_made: 400,
  sign_in_not_started_here: 400,
  sign_in_failed: 401,
  code_refused: 401,
  passkey_refused: 401,
  cross_site_request: 403,
  confirmation_required: 403,
  method_not_offered: 403,
  second_factor_missing: 403,
  sign_up_closed: 403,
  sso_required: 403,
  unmet_demand: 403,
  wrong_account: 403,
  wrong_password: 403,
  not_found: 404,
  passkey_not_found: 404,
  method_not_allowed: 405,
  account_exists: 409,
  already_registered: 409,
  changed_meanwhile: 409,
  last_way_in: 409,
  too_many_passkeys: 409,
  link_used_or_expired: 410,
  sign_in_expired: 410,
  step_finished: 410,
  body_too_large: 413,
  unsupported_media_type: 415,
  wrong_host: 421,
  too_many_tries: 429,
  unexpected: 500,
  busy: 503,
  store_unavailable: 503,
} as const;

export type ErrorCode = keyof typeof ERROR_STATUS;
