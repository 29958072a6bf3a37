import assert from 'node:assert/strict';
import { test } from 'node:test';
import { claimsFor } from '../../src/accounts/claims.ts';
import { buildAccount, buildOrganization } from '../support/builders.ts';

const organization = buildOrganization({ name: 'Northwind' });

test('a person who said nothing has only the claims that are always known', () => {
  const account = buildAccount({
    email: 'Mira@northwind.example',
    emailVerified: false,
    profile: {},
    updatedAt: new Date('2026-01-01T12:00:00.999Z'),
  });
  assert.deepEqual(claimsFor(account, organization), {
    updated_at: Date.parse('2026-01-01T12:00:00Z') / 1000,
    email: 'Mira@northwind.example',
    email_verified: false,
    org_id: organization.id,
    org_name: 'Northwind',
  });
});

test('every part of a profile has its standard name', () => {
  const account = buildAccount({
    profile: {
      name: 'Mira Sol',
      givenName: 'Mira',
      familyName: 'Sol',
      preferredUsername: 'mira',
      picture: 'https://northwind.example/mira.png',
      locale: 'pt-BR',
      zoneinfo: 'America/Sao_Paulo',
      phoneNumber: '+5511999990000',
      phoneNumberVerified: true,
      address: { streetAddress: 'Rua A 1', locality: 'São Paulo', postalCode: '01000-000', country: 'BR' },
    },
  });
  const always = Object.keys(claimsFor(buildAccount({ profile: {} }), organization));
  const claims = Object.fromEntries(
    Object.entries(claimsFor(account, organization)).filter(([name]) => !always.includes(name)),
  );
  assert.deepEqual(claims, {
    name: 'Mira Sol',
    given_name: 'Mira',
    family_name: 'Sol',
    preferred_username: 'mira',
    picture: 'https://northwind.example/mira.png',
    locale: 'pt-BR',
    zoneinfo: 'America/Sao_Paulo',
    phone_number: '+5511999990000',
    phone_number_verified: true,
    address: { street_address: 'Rua A 1', locality: 'São Paulo', postal_code: '01000-000', country: 'BR' },
  });
});

test('a phone number that nobody verified is said to be so, and no number has no such claim', () => {
  const withNumber = claimsFor(buildAccount({ profile: { phoneNumber: '+15550100' } }), organization);
  assert.equal(withNumber.phone_number_verified, false);
  const without = claimsFor(buildAccount({ profile: { phoneNumberVerified: true } }), organization);
  assert.equal('phone_number_verified' in without, false);
});

test('an address without a line is left out', () => {
  assert.equal('address' in claimsFor(buildAccount({ profile: { address: {} } }), organization), false);
});
