import type { AuditDetails, AuditEvent } from '../audit/audit-store.ts';
import { isHandheld } from '../passkeys/describe-browser.ts';
import { findSignInWay } from '../sign-in/sign-in-way.ts';
import type { ActivityRow } from './view-models.ts';

type Words = Pick<ActivityRow, 'sentence' | 'icon' | 'values' | 'newBrowser'>;

/** An event as a person reads it on the pages of their account. */
export function describeActivity({ id, details, device, actor, createdAt }: AuditEvent): ActivityRow {
  return { id, ...describeDetails(details, device), device, byOperator: actor === 'operator', at: createdAt };
}

function describeDetails(details: AuditDetails, device: string | undefined): Words {
  const { type } = details;
  switch (type) {
    case 'signed-in': {
      const way = findSignInWay(details.amr);
      return { sentence: way ? `${type}.${way}` : type, icon: drawBrowser(device), newBrowser: details.newBrowser };
    }
    case 'sign-in-refused':
    case 'confirmation-refused': {
      const { factor, count } = details;
      return { sentence: `${type}.${factor}${count > 1 ? '.often' : ''}`, icon: 'warning', values: { count } };
    }
    case 'session-ended': {
      const { sessionDevice } = details;
      const icon = drawBrowser(sessionDevice);
      if (sessionDevice === undefined) return { sentence: type, icon };
      return { sentence: `${type}.named`, icon, values: { device: sessionDevice } };
    }
    case 'signed-out':
    case 'signed-out-elsewhere':
      return { sentence: type, icon: drawBrowser(device) };
    case 'passkey-requested':
      return { sentence: type, icon: 'passkey' };
    case 'passkey-added':
    case 'passkey-removed':
      return { sentence: type, icon: 'passkey', values: { name: details.passkeyName } };
    case 'passkey-renamed':
      return { sentence: type, icon: 'passkey', values: { name: details.passkeyName, former: details.formerName } };
    case 'passkey-alert':
      return { sentence: type, icon: 'warning', values: { name: details.passkeyName } };
    case 'password-alert':
      return { sentence: type, icon: 'warning' };
    case 'password-set':
    case 'password-changed':
    case 'password-reset':
    case 'password-removed':
    case 'password-off':
    case 'password-on':
      return { sentence: type, icon: 'password' };
    case 'totp-on':
    case 'totp-off':
      return { sentence: type, icon: 'phone' };
    case 'recovery-codes-made':
    case 'recovery-codes-removed':
      return { sentence: type, icon: 'codes' };
    case 'recovery-code-used':
      return { sentence: type, icon: 'codes', values: { left: details.codesLeft } };
    case 'application-allowed':
    case 'application-revoked':
      return { sentence: type, icon: 'application', values: { name: details.applicationName } };
    case 'notice-disputed':
    case 'recovery-started':
    case 'recovery-offered':
    case 'recovery-cancelled':
    case 'recovery-done':
    case 'account-taken-over':
    case 'address-restored':
    case 'account-disabled':
      return { sentence: type, icon: 'warning' };
    case 'account-created':
    case 'account-enabled':
    case 'address-verified':
    case 'address-changed':
      return { sentence: type, icon: 'check' };
  }
}

function drawBrowser(browser: string | undefined): 'phone' | 'device' {
  return browser !== undefined && isHandheld(browser) ? 'phone' : 'device';
}
