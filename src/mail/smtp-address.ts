/** Where a mail server is, and how it is spoken to. */
export interface SmtpAddress {
  readonly host: string;
  readonly port: number;
  /** From the first byte; by STARTTLS, without which nothing is said; or not at all. The certificate is always verified. */
  readonly tls: 'immediate' | 'starttls' | 'none';
  readonly user?: string | undefined;
  readonly password?: string | undefined;
}

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|::1)$/;

/**
 * Reads `smtps://name:password@host:465`, or `smtp://` with port 587 for STARTTLS. Without TLS it goes to this machine, and elsewhere
 * only where the address ends in `?tls=off`. Throws an Error of one line, without credentials, for anything else.
 */
export function parseSmtpAddress(text: string): SmtpAddress {
  const url = URL.parse(text);
  const isSound =
    url && /^smtps?:$/.test(url.protocol) && url.hostname !== '' && /^\/?$/.test(url.pathname) && url.hash === '';
  if (!isSound || !['', '?tls=off'].includes(url.search)) {
    throw new Error(
      'the address of the mail server is not of the form smtps://name:password@host:port or smtp://name:password@host:port; in the name and the password @ : / ? # % are to be percent-encoded',
    );
  }
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const tls = chooseTls(url, host);
  if (tls === 'none' && url.password !== '' && !LOOPBACK.test(host)) {
    throw new Error('the address of the mail server has a password, which is not sent with tls=off');
  }
  return {
    host,
    port: Number(url.port) || (tls === 'immediate' ? 465 : 587),
    tls,
    ...(url.username !== '' && { user: decode(url.username), password: decode(url.password) }),
  };
}

function chooseTls({ protocol, search }: URL, host: string): SmtpAddress['tls'] {
  if (protocol === 'smtps:') return 'immediate';
  return search !== '' || LOOPBACK.test(host) ? 'none' : 'starttls';
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Error(
      'the name or the password in the address of the mail server is not percent-encoded as it should be',
    );
  }
}
