import type { Accounts } from '../accounts/accounts.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import type { Clients } from '../clients/clients.ts';
import type { Organizations } from '../organizations/organizations.ts';
import type { Passwords } from '../passwords/passwords.ts';
import type { Recovering } from '../sign-in/recovering.ts';
import type { SwitchedOffPasswords } from '../sign-in/switched-off-passwords.ts';

/** What the commands need of an opened installation. Nothing of it listens. */
export interface CliApp extends AsyncDisposable {
  /** The issuer identifier, without a slash at its end. */
  readonly issuer: string;
  readonly clients: Clients;
  readonly accounts: Accounts;
  readonly organizations: Organizations;
  readonly passwords: Passwords;
  readonly auditLog: AuditLog;
  readonly recovering: Pick<Recovering, 'offer'>;
  readonly switchedOffPasswords: SwitchedOffPasswords;
  readonly setUp: {
    /** False once there is an administrator, from when on no link works. */
    isNeeded(): Promise<boolean>;
    /** The address at which the first administrator makes an account; it works once. */
    createLink(): Promise<string>;
  };
}
