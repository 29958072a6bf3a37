/** What CBOR can say and authenticators do (RFC 8949). */
export type CborValue = number | string | Uint8Array | boolean | readonly CborValue[] | CborMap;
export type CborMap = ReadonlyMap<number | string, CborValue>;

/** Encodes in the order given; authenticators should sort map keys, and callers who care give them sorted. */
export function encodeCbor(value: CborValue): Buffer {
  if (typeof value === 'number') return value < 0 ? encodeHead(1, -1 - value) : encodeHead(0, value);
  if (value instanceof Uint8Array) return Buffer.concat([encodeHead(2, value.length), value]);
  if (typeof value === 'string') return Buffer.concat([encodeHead(3, Buffer.byteLength(value)), Buffer.from(value)]);
  if (typeof value === 'boolean') return encodeHead(7, value ? 21 : 20);
  if (value instanceof Map) {
    return Buffer.concat([encodeHead(5, value.size), ...[...value].flat().map((part: CborValue) => encodeCbor(part))]);
  }
  if (Array.isArray(value))
    return Buffer.concat([encodeHead(4, value.length), ...value.map((part: CborValue) => encodeCbor(part))]);
  throw new TypeError('not a CBOR value');
}

function encodeHead(majorType: number, argument: number): Buffer {
  const type = majorType << 5;
  if (argument < 24) return Buffer.from([type | argument]);
  if (argument < 2 ** 8) return Buffer.from([type | 24, argument]);
  if (argument < 2 ** 16) return Buffer.from([type | 25, argument >> 8, argument & 0xff]);
  const head = Buffer.alloc(5, type | 26);
  head.writeUInt32BE(argument, 1);
  return head;
}
