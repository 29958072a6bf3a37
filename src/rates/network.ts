import { isIPv4 } from 'node:net';
import ipaddr from 'ipaddr.js';

const SUBSCRIBER_BITS = 64; // what one customer gets and can rotate through at will (RFC 6177)

/** What counts as one source: an IPv4 address, or the /64 of an IPv6 address, however it was written. */
export function toNetwork(address: string): string {
  if (isIPv4(address)) return address;
  if (!ipaddr.isValid(address)) return address; // a socket path, or nothing: one source
  const parsed = ipaddr.process(address); // ::ffff:192.0.2.1 becomes IPv4
  if (parsed.kind() === 'ipv4') return parsed.toString();
  return ipaddr.IPv6.networkAddressFromCIDR(`${parsed.toString()}/${SUBSCRIBER_BITS}`).toString();
}
