/** A type as it stands in a JSON column: its moments are integer milliseconds there. */
export type Stored<Type> = Type extends unknown
  ? { readonly [Key in keyof Type]: Date extends Type[Key] ? Exclude<Type[Key], Date> | number : Type[Key] }
  : never;
