import type { Config, Secrets } from '../config/load.ts';
import { PRESETS } from '../config/presets.ts';
import type { Ids } from './lib/ids.ts';
import type { Organization } from './organizations/organization-store.ts';
import type { Organizations } from './organizations/organizations.ts';
import { DataFolder } from './storage/data-folder.ts';
import type { Storage } from './storage/storage.ts';

/** The secrets of the settings, and those of the data folder in place of what is not set. */
export function completeSecrets({ sealingKey, cookieKeys }: Secrets, dataDir: string, ids: Ids) {
  if (sealingKey && cookieKeys) return { sealingKey, cookieKeys };
  const made = new DataFolder(dataDir).readOrMakeSecrets(ids);
  return { sealingKey: sealingKey ?? made.sealingKey, cookieKeys: cookieKeys ?? made.cookieKeys };
}

/** Passkeys work for the RP ID they were made for and for no other: serving another would lock everybody out without a word. */
export async function requireSameRpId({ passkeys }: Storage, rpId: string): Promise<void> {
  if (await passkeys.existsForOtherRpId(rpId)) {
    throw new Error(
      `the stored passkeys were made for another RP ID than ${rpId}: set CARDEA_RP_ID, or CARDEA_ISSUER, to what it was`,
    );
  }
}

/** The oldest organization; on the first start one is made as the settings say, by one of the processes that start at once. */
export async function ensureOrganization(organizations: Organizations, config: Config): Promise<Organization> {
  const [first] = (await organizations.list({ limit: 1 })).items;
  if (first) return first;
  const signUp = config.demo ? 'open' : 'closed';
  try {
    return await organizations.create({ name: config.organizationName, policy: { ...PRESETS[config.policy], signUp } });
  } catch (error) {
    // Another process has taken the slug for the same organization.
    const [made] = (await organizations.list({ limit: 1 })).items;
    if (!made) throw error;
    return made;
  }
}
