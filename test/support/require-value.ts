import assert from 'node:assert/strict';

/** The value, which the test counts on being there. */
export function requireValue<Value>(value: Value | undefined): Value {
  assert.ok(value !== undefined);
  return value;
}
