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

/** A self-signed certificate for localhost, in PEM, that this process trusts until the end of the test. */
export function makeTrustedCertificate(t: TestContext): { readonly key: string; readonly cert: string } {
  const folder = makeTempFolder(t);
  const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
  const making = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  execFileSync(OPENSSL ?? '', [...making, ...subject, '-keyout', keyFile, '-out', certFile], { stdio: 'ignore' });
  const cert = readFileSync(certFile, 'utf8');
  const trusted = getCACertificates();
  t.after(() => setDefaultCACertificates(trusted));
  setDefaultCACertificates([...trusted, cert]);
  return { key: readFileSync(keyFile, 'utf8'), cert };
}
