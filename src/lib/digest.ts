import { hash, timingSafeEqual } from 'node:crypto';

/** SHA-256 of text, base64url. Right for values with 128 random bits or more; never for passwords. */
export function digest(text: string): string {
  return hash('sha256', text, 'base64url');
}

/** Compares in constant time; texts of different length differ. */
export function equalsInConstantTime(left: string, right: string): boolean {
  const a = Buffer.from(left);
  const b = Buffer.from(right);
  return a.length === b.length && timingSafeEqual(a, b);
}
