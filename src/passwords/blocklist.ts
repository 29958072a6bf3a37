/**
 * The 49,000 commonest passwords of zxcvbn's frequency list, in lower case. Read when first asked for: the list costs memory that a
 * process without password changes never needs.
 */
export async function loadCommonPasswords(): Promise<ReadonlySet<string>> {
  const { dictionary } = await import('@zxcvbn-ts/language-common');
  return new Set(dictionary['passwords-common']);
}
