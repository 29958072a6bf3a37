import { type ClientMetadata, errors, type Provider } from 'oidc-provider';
import { toClientProblem } from '../clients/client-metadata.ts';
import { InputError } from '../lib/input-error.ts';

/** Rejects with `InputError`, in the provider's own words, when oidc-provider would not take a client of this metadata. */
export async function validateClient(
  provider: Provider,
  metadata: { readonly [name: string]: unknown },
): Promise<void> {
  try {
    await provider.Client.validate(metadata as ClientMetadata); // whether it is one is the question
  } catch (cause) {
    if (!(cause instanceof errors.InvalidClientMetadata)) throw cause;
    throw new InputError([toClientProblem(cause.error_description ?? cause.message)], { cause });
  }
}
