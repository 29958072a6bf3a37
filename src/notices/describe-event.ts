import type { AuditDetails } from '../audit/audit-store.ts';
import type { NoticeMessage } from './notice-message.ts';

/** What the audit log keeps of a notice; undefined where nothing has changed yet, or where another event says it. */
export function describeEvent(message: NoticeMessage): AuditDetails | undefined {
  switch (message.type) {
    case 'passkey-added':
    case 'passkey-removed': {
      const { type, passkeyName } = message;
      return { type, passkeyName };
    }
    case 'passkey-renamed': {
      const { type, passkeyName, formerName } = message;
      return { type, passkeyName, formerName };
    }
    case 'recovery-code-used': {
      const { type, codesLeft } = message;
      return { type, codesLeft };
    }
    case 'totp-on':
    case 'totp-off':
    case 'password-off':
    case 'password-on':
    case 'password-set':
    case 'password-changed':
    case 'password-removed':
    case 'password-reset':
    case 'recovery-codes-made':
    case 'recovery-codes-removed':
    case 'recovery-done':
    case 'address-changed':
    case 'passkey-requested':
      return { type: message.type };
    case 'new-sign-in': // every sign-in is an event
    case 'confirmation-code':
    case 'confirmation-link':
    case 'other-device-link':
      return undefined;
  }
}
