import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { findInPath } from '../../scripts/find-program.ts';
import { makeCertificate, skipWithoutOpenssl, trustCertificate } from './certificate.ts';
import { waitFor } from './redis.ts';
import { makeTempFolder } from './temp-folder.ts';

interface Options {
  /** Of loopback: for TLS, and for those who come without. */
  readonly ports: readonly [https: number, http: number];
  /** Of the two processes behind it. */
  readonly upstreams: readonly [one: string, other: string];
}

const EXAMPLE = join(import.meta.dirname, '../../docs/examples/nginx.conf');
const PROGRAM = process.env.CARDEA_TEST_NGINX ?? findInPath('nginx');
const TEMPORARY = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];

/** For `test(name, { skip })`: the reason where there is no nginx to run the test with. */
export const skipWithoutNginx: string | false = PROGRAM
  ? skipWithoutOpenssl
  : 'there is no nginx in the PATH: install it, or set CARDEA_TEST_NGINX to one';

/** Starts an nginx with the example of the documents, whose places are filled in; it ends with the test. */
export async function startNginx(t: TestContext, { ports, upstreams }: Options): Promise<void> {
  const folder = makeTempFolder(t);
  const pair = makeCertificate(t);
  trustCertificate(t, pair);
  copyFileSync(pair.key, join(folder, 'key.pem'));
  copyFileSync(pair.certificate, join(folder, 'certificate.pem'));
  writeFileSync(join(folder, 'cardea.conf'), fillIn(folder, ports, upstreams));
  const temporary = TEMPORARY.map((name) => `${name}_temp_path ${folder}/${name};`);
  const top = `pid ${folder}/pid; daemon off; master_process off; error_log stderr; events {}`;
  writeFileSync(join(folder, 'nginx.conf'), `${top}\nhttp { ${temporary.join(' ')} include ${folder}/cardea.conf; }\n`);

  const nginx = spawn(PROGRAM ?? '', ['-p', folder, '-c', join(folder, 'nginx.conf')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const killIt = () => void nginx.kill('SIGKILL');
  process.once('exit', killIt); // for a run that is cut short
  t.after(async () => {
    process.off('exit', killIt);
    if (nginx.exitCode === null && nginx.kill('SIGTERM')) await once(nginx, 'exit');
  });
  let said = '';
  nginx.stderr.setEncoding('utf8').on('data', (text) => {
    said += text;
  });
  const [, http] = ports;
  await waitFor(async () => {
    assert.equal(nginx.exitCode, null, said);
    const answer = await fetch(`http://localhost:${http}/`, { redirect: 'manual' }).catch(() => undefined);
    return answer?.status === 308;
  }, 10_000);
}

function fillIn(folder: string, [https, http]: Options['ports'], [one, other]: Options['upstreams']): string {
  const places = [
    ['listen 443', `listen 127.0.0.1:${https}`],
    ['listen 80', `listen 127.0.0.1:${http}`],
    ['id.example.com;', 'localhost;'],
    ['/etc/ssl/certs/id.example.com.pem', `${folder}/certificate.pem`],
    ['/etc/ssl/private/id.example.com.key', `${folder}/key.pem`],
    ['/var/log/nginx/cardea.log', `${folder}/access.log`],
    ['127.0.0.1:3000', one],
    ['127.0.0.1:3001', other],
  ] as const;
  return places.reduce(
    (text, [place, content]) => {
      assert.ok(text.includes(place), `the example has no ${place}`);
      return text.replaceAll(place, content);
    },
    readFileSync(EXAMPLE, 'utf8'),
  );
}
