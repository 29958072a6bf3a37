const LOOPBACK_HOSTS: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);
const MAX_LENGTH = 2048;

/** Every character that a URI may have (RFC 3986 §2). */
const URI_CHARACTERS = /^[A-Za-z0-9\-._~:/?#[\]@!$&'()*+,;=%]+$/;
const USER_INFO = /^[^/?]*\/\/[^/?]*@/;

/** Why a text is not an absolute URI without fragment, in words that go on from the field's name; undefined when it is one. */
export function findUriFault(uri: string): string | undefined {
  if (uri.length > MAX_LENGTH) return `must not be longer than ${MAX_LENGTH} characters`;
  if (!URI_CHARACTERS.test(uri)) return 'must be a URI, without spaces or other characters that a URI cannot have';
  if (!URL.canParse(uri)) return 'must be an absolute URI, such as https://app.example/callback';
  if (uri.includes('#')) return 'must not have a fragment';
  return undefined;
}

/**
 * Why a redirect URI must not be registered, in words that go on from the field's name; undefined when it may.
 * Redirect URIs are compared as exact text, so a wildcard would only pretend to work (RFC 9700 §2.1).
 */
export function findRedirectUriFault(uri: string): string | undefined {
  const fault = findUriFault(uri);
  if (fault) return fault;
  if (uri.includes('*')) return 'must not have a wildcard';
  if (USER_INFO.test(uri)) return 'must not carry a user name or password';
  return findSchemeFault(uri);
}

/** Whether it has a scheme of an application's own, such as `com.example.app` (RFC 8252 §7.1). */
export function isPrivateUse(uri: string): boolean {
  return new URL(uri).protocol.includes('.');
}

/** Whether it points at the machine of the person who follows it. */
export function isLoopback(uri: string): boolean {
  return LOOPBACK_HOSTS.has(new URL(uri).hostname);
}

function findSchemeFault(uri: string): string | undefined {
  if (isPrivateUse(uri)) return undefined;
  if (/^https:\/\//i.test(uri)) return undefined;
  if (/^http:\/\//i.test(uri) && isLoopback(uri)) return undefined;
  return 'must begin with https://, with http:// only for localhost, 127.0.0.1 or [::1], or with a scheme of its own that has a dot, such as com.example.app:/';
}
