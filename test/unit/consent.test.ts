import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Consent, findMissing, findShared, isNothing, join, listScopes, NOTHING } from '../../src/oidc/consent.ts';

const REQUESTED: Consent = {
  scopes: ['openid', 'email'],
  claims: ['phone_number'],
  resourceScopes: { 'https://a.example/': ['read', 'write'], 'https://b.example/': [], 'https://c.example/': ['read'] },
};
const ALLOWED: Consent = {
  scopes: ['openid', 'profile'],
  claims: ['phone_number', 'locale'],
  resourceScopes: { 'https://a.example/': ['read', 'delete'], 'https://b.example/': ['read'] },
};

test('of what is requested, each thing is either missing or allowed', () => {
  assert.deepEqual(findMissing(REQUESTED, ALLOWED), {
    scopes: ['email'],
    claims: [],
    resourceScopes: { 'https://a.example/': ['write'], 'https://c.example/': ['read'] },
  });
  assert.deepEqual(findShared(REQUESTED, ALLOWED), {
    scopes: ['openid'],
    claims: ['phone_number'],
    resourceScopes: { 'https://a.example/': ['read'], 'https://b.example/': [] },
  });
});

test('an API that is not allowed yet is missing, even without scopes', () => {
  const api: Consent = { ...NOTHING, resourceScopes: { 'https://b.example/': [] } };
  assert.deepEqual(findMissing(api, NOTHING), api);
  assert.ok(isNothing(findShared(api, NOTHING)));
  assert.ok(isNothing(findMissing(api, api)));
  assert.ok(!isNothing(api));
});

test('two consents together allow what either does, and each thing once', () => {
  assert.deepEqual(join(ALLOWED, REQUESTED), {
    scopes: ['openid', 'profile', 'email'],
    claims: ['phone_number', 'locale'],
    resourceScopes: {
      'https://a.example/': ['read', 'delete', 'write'],
      'https://b.example/': ['read'],
      'https://c.example/': ['read'],
    },
  });
  assert.ok(isNothing(findMissing(REQUESTED, join(ALLOWED, REQUESTED))));
});

test('a single claim is named by the scope that it belongs to', () => {
  const scopeClaims = { email: ['email'], phone: ['phone_number', 'phone_number_verified'] };
  assert.deepEqual(listScopes(REQUESTED, scopeClaims), ['openid', 'email', 'phone']);
});
