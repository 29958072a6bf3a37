import assert from 'node:assert/strict';

/** An answer, with its body read. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly url: string;
}

/** A browser without a screen: keeps cookies by path, follows redirects within the server, submits forms. */
export class Visitor {
  readonly #origin: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly cookies = new Map<string, { readonly value: string; readonly path: string }>();

  constructor(issuer: string, headers: Readonly<Record<string, string>> = {}) {
    this.#origin = new URL(issuer).origin;
    this.#headers = headers;
  }

  get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return this.send('GET', path, undefined, { accept: 'text/html', ...headers });
  }

  postForm(
    path: string,
    fields: Readonly<Record<string, string>>,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Answer> {
    const contentType = { 'content-type': 'application/x-www-form-urlencoded', accept: 'text/html' };
    return this.send('POST', path, new URLSearchParams(fields).toString(), {
      ...contentType,
      origin: this.#origin,
      ...headers,
    });
  }

  postJson(path: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    const contentType = { 'content-type': 'application/json', accept: 'application/json' };
    return this.send('POST', path, JSON.stringify(body), { ...contentType, origin: this.#origin, ...headers });
  }

  /** One request; redirects are not followed. */
  async send(
    method: string,
    path: string,
    body: string | undefined,
    headers: Readonly<Record<string, string>>,
  ): Promise<Answer> {
    const url = new URL(path, this.#origin);
    const cookie = this.#cookiesFor(url.pathname);
    const response = await fetch(url, {
      method,
      body: body ?? null,
      headers: { ...this.#headers, ...(cookie && { cookie }), ...headers },
      redirect: 'manual',
    });
    for (const line of response.headers.getSetCookie()) this.#keep(line);
    return { status: response.status, headers: response.headers, text: await response.text(), url: url.href };
  }

  /** Follows redirects as long as they stay on this server; answers the last page, or the redirect that leaves. */
  async follow(answer: Answer): Promise<Answer> {
    let current = answer;
    for (let hops = 0; hops < 10; hops += 1) {
      const location = current.headers.get('location');
      if (location === null || current.status < 300 || current.status >= 400) return current;
      const target = new URL(location, current.url);
      if (target.origin !== this.#origin) return current;
      current = await this.get(target.href);
    }
    return assert.fail('too many redirects');
  }

  /** Opens an address and follows. */
  async open(path: string): Promise<Answer> {
    return this.follow(await this.get(path));
  }

  #cookiesFor(path: string): string {
    return [...this.cookies]
      .filter(
        ([, cookie]) =>
          path === cookie.path || path.startsWith(cookie.path.endsWith('/') ? cookie.path : `${cookie.path}/`),
      )
      .map(([name, { value }]) => `${name.split(' ')[0]}=${value}`)
      .join('; ');
  }

  #keep(line: string): void {
    const [pair = '', ...attributes] = line.split('; ');
    const at = pair.indexOf('=');
    const path = attributes.find((attribute) => attribute.toLowerCase().startsWith('path='))?.slice(5) ?? '/';
    const key = `${pair.slice(0, at)} ${path}`;
    const value = pair.slice(at + 1);
    if (value === '' || attributes.some((attribute) => /^expires=Thu, 01 Jan 1970/i.test(attribute)))
      this.cookies.delete(key);
    else this.cookies.set(key, { value, path });
  }
}
