import ipaddr from 'ipaddr.js';
import { z } from 'zod';

// How the text of a setting becomes a value. No message repeats the text: it may be a secret in the wrong place.

/** A text that is not empty. */
export const word = z.string().min(1, 'must not be empty');

/** What people read: at most 100 characters, without control characters. */
export const title = z
  .string()
  .regex(/^\P{C}{1,100}$/u, 'must have 1 to 100 characters, none of them control characters');

/** `on` or `off`. */
export const onOff = oneOf(['on', 'off']).transform((text) => text === 'on');

/** A host name as of RFC 1123 §2.1, in lower case. */
export const domainName = z
  .string()
  .max(253, 'must be a host name')
  .regex(/^(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))*$/, 'must be a host name in lower case');

/** The address of an installation, such as `https://id.example.com`: an origin with a name, since passkeys need a name. */
export const issuer = z.string().superRefine((text, context) => {
  const url = readOrigin(text);
  if (!url)
    refuse(context, 'must be an address such as https://id.example.com, with no path, query, fragment or final slash');
  else if (isAddress(url.hostname))
    refuse(context, 'must have a host name, because passkeys do not work for IP addresses');
  else if (url.protocol === 'http:' && url.hostname !== 'localhost')
    refuse(context, 'must begin with https:// unless the host is localhost');
});

/** An address with scheme, host and port only. */
export const origin = z
  .string()
  .refine(
    (text) => readOrigin(text),
    'must be addresses such as https://hooks.example.com, with no path or final slash',
  );

/** An IP address, or a range of them in CIDR form; never all addresses. */
export const addressRange = z
  .string()
  .refine(
    (text) =>
      !text.endsWith('/0') &&
      (ipaddr.IPv4.isValidFourPartDecimal(text) ||
        ipaddr.IPv6.isValid(text) ||
        ipaddr.IPv4.isValidCIDRFourPartDecimal(text) ||
        ipaddr.IPv6.isValidCIDR(text)),
    'must be IP addresses or ranges such as 10.0.0.0/8, but not all addresses',
  );

/** 32 bytes in base64 or base64url. */
export const key = z
  .string()
  .regex(/^[A-Za-z0-9+/_-]{43}=?$/, 'must be 32 bytes in base64 or base64url')
  .transform((text): Uint8Array => Buffer.from(text, 'base64'));

/** A secret text of at least 32 characters. */
export const longSecret = z.string().min(32, 'must have at least 32 characters each');

/** The address of MongoDB; what comes after the scheme is for the driver to judge. */
export const mongodbUrl = z.string().regex(/^mongodb(\+srv)?:\/\//, 'must begin with mongodb:// or mongodb+srv://');

/** The address of Redis; what comes after the scheme is for `parseRedisAddress` to judge. */
export const redisUrl = z
  .string()
  .regex(
    /^rediss?(\+(sentinel|cluster))?:\/\//,
    'must begin with redis://, redis+sentinel:// or redis+cluster://, or with rediss for TLS',
  );

/** The address of the mail server; what comes after the scheme is for `parseSmtpAddress` to judge. */
export const smtpUrl = z.string().regex(/^smtps?:\/\//, 'must begin with smtps:// or smtp://');

/** An e-mail address that any mail server takes (RFC 5321 §4.1.2, without quotes). */
export const mailAddress = z
  .string()
  .max(254, 'must be an e-mail address')
  .regex(/^[\w.+-]{1,64}@[a-z0-9-]+(\.[a-z0-9-]+)*$/i, 'must be an e-mail address such as no-reply@example.com');

export function oneOf<const Values extends readonly [string, ...string[]]>(values: Values) {
  return z.enum(values, `must be one of ${values.join(', ')}`);
}

/** A whole number from `from` to `to`, in decimal digits. */
export function integer({ from, to }: { readonly from: number; readonly to: number }) {
  const rule = `must be a whole number from ${from} to ${to}`;
  return z
    .string()
    .regex(/^\d{1,9}$/, rule)
    .transform(Number)
    .refine((value) => value >= from && value <= to, rule);
}

/** Values with commas between them, each read by `item`; none for an empty text. */
export function list<Value>(item: z.ZodType<Value, string>) {
  return z
    .string()
    .transform((text) =>
      text
        .split(',')
        .map((part) => part.trim())
        .filter(Boolean),
    )
    .pipe(z.array(item))
    .readonly();
}

/** Undefined unless the text is exactly an http(s) origin. */
function readOrigin(text: string): URL | undefined {
  const url = URL.parse(text);
  return url && /^https?:$/.test(url.protocol) && url.origin === text ? url : undefined;
}

function isAddress(hostname: string): boolean {
  return ipaddr.isValid(hostname.replace(/^\[|\]$/g, ''));
}

function refuse(context: z.RefinementCtx, message: string): void {
  context.addIssue({ code: 'custom', message });
}
