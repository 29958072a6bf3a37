import { openTestStorage } from '../support/storages.ts';
import { describeAccountStore } from './account-store-contract.ts';
import { describeClientStore } from './client-store-contract.ts';
import { describeFailureStore } from './failure-store-contract.ts';
import { describeKeyStore } from './key-store-contract.ts';
import { describeOrganizationStore } from './organization-store-contract.ts';
import { describePasskeyStore } from './passkey-store-contract.ts';
import { describeRateStore } from './rate-store-contract.ts';
import { describeRecordStore } from './record-store-contract.ts';
import { describeSignInStore } from './sign-in-store-contract.ts';
import { describeStorage } from './storage-contract.ts';
import { describeTicketStore } from './ticket-store-contract.ts';
import { describeTotpStore } from './totp-store-contract.ts';

const NAME = 'sqlite';

describeStorage(NAME, openTestStorage);
describeOrganizationStore(NAME, openTestStorage);
describeAccountStore(NAME, openTestStorage);
describeFailureStore(NAME, openTestStorage);
describePasskeyStore(NAME, openTestStorage);
describeTotpStore(NAME, openTestStorage);
describeClientStore(NAME, openTestStorage);
describeKeyStore(NAME, openTestStorage);
describeTicketStore(NAME, openTestStorage);
describeRateStore(NAME, openTestStorage);
describeSignInStore(NAME, openTestStorage);
describeRecordStore(NAME, openTestStorage);
