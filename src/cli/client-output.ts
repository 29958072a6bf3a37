import { describeClient } from '../clients/client-metadata.ts';
import type { Client } from '../clients/client-store.ts';

/** Everything about a client but the digests of its secrets. */
export function presentClient(client: Client) {
  const { id, secrets, disabledAt, createdAt, updatedAt } = client;
  return {
    id,
    ...describeClient(client),
    ...(disabledAt && { disabledAt }),
    createdAt,
    updatedAt,
    secrets: secrets.map(({ digest: _, ...secret }) => secret),
  };
}

/** One word for what it is: `web`, `native`, or `machine` where no person signs in. */
export function nameKind({ metadata }: Client): string {
  const hasSignIn = Array.isArray(metadata.redirect_uris) && metadata.redirect_uris.length > 0;
  return hasSignIn ? String(metadata.application_type) : 'machine';
}
