import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { findInPath } from '../../scripts/find-program.ts';
import { makeTempFolder } from './temp-folder.ts';

const OPENSSL = findInPath('openssl');

/** For `test(name, { skip })`: why tests that need a certificate are not run. */
export const skipWithoutOpenssl: string | false = OPENSSL
  ? false
  : 'there is no openssl in the PATH to make a certificate with';

/** Paths of PEM files. */
export interface Certificate {
  readonly key: string;
  readonly certificate: string;
}

/** A self-signed certificate for localhost, which goes with the test. */
export function makeCertificate(t: TestContext): Certificate {
  const folder = makeTempFolder(t);
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  const making = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  execFileSync(OPENSSL ?? '', [...making, ...subject, '-keyout', key, '-out', certificate], { stdio: 'ignore' });
  return { key, certificate };
}

/** Has this process trust it until the end of the test. */
export function trustCertificate(t: TestContext, { certificate }: Certificate): void {
  const trusted = getCACertificates();
  t.after(() => setDefaultCACertificates(trusted));
  setDefaultCACertificates([...trusted, readFileSync(certificate, 'utf8')]);
}
