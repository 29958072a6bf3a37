/** Every key of ours begins so, followed by a kind and a digest: `cardea:session:<43 characters>`. */
const PREFIX = 'cardea:';

export function toKey(name: string): string {
  return PREFIX + name;
}
