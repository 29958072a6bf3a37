import { omitAbsent } from '../lib/omit-absent.ts';
import type { Organization } from '../organizations/organization-store.ts';
import type { Account, PostalAddress } from './account-store.ts';

/** The claims about a person for all scopes there are (OpenID Connect Core 1.0 §5.1, and ours: `org_id`, `org_name`); what is not known is left out. */
export function claimsFor(account: Account, organization: Organization): { readonly [name: string]: unknown } {
  const { profile } = account;
  return omitAbsent({
    name: profile.name,
    given_name: profile.givenName,
    family_name: profile.familyName,
    preferred_username: profile.preferredUsername,
    picture: profile.picture,
    locale: profile.locale,
    zoneinfo: profile.zoneinfo,
    updated_at: Math.floor(account.updatedAt.getTime() / 1000),
    email: account.email,
    email_verified: account.emailVerified,
    phone_number: profile.phoneNumber,
    phone_number_verified: profile.phoneNumber === undefined ? undefined : (profile.phoneNumberVerified ?? false),
    address: profile.address && claimAddress(profile.address),
    org_id: organization.id,
    org_name: organization.name,
  });
}

function claimAddress(address: PostalAddress): { readonly [name: string]: unknown } | undefined {
  const claim = omitAbsent({
    formatted: address.formatted,
    street_address: address.streetAddress,
    locality: address.locality,
    region: address.region,
    postal_code: address.postalCode,
    country: address.country,
  });
  return Object.keys(claim).length > 0 ? claim : undefined;
}
