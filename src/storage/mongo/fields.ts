import { mongo, Schema } from 'mongoose';

/** Values by their names; of what is to be stored, by their dotted paths. */
export type Fields = Readonly<Record<string, unknown>>;

type FieldType =
  | typeof Boolean
  | typeof Buffer
  | typeof Date
  | typeof Number
  | typeof String
  | Schema
  | FieldType[]
  | FieldTypes;

interface FieldTypes {
  readonly [name: string]: FieldType;
}

/** The release of the schema that a document was last written whole by; only ever raised. */
export const SCHEMA_VERSION = 1;

/** Of every schema: a field that it does not name is refused, and mongoose adds none of its own. */
const STRICT = {
  strict: 'throw',
  strictQuery: 'throw',
  versionKey: false,
  id: false,
  minimize: false,
  autoIndex: false,
  autoCreate: false,
} as const;

/** Makes the schema of a collection, whose documents have ids of our own. */
export function defineSchema(fields: FieldTypes): Schema {
  return new Schema<Fields>({ _id: String, schemaVersion: Number, ...fields }, STRICT);
}

/** Makes the schema of what stands in a list within a document. */
export function definePart(fields: FieldTypes): Schema {
  return new Schema<Fields>(fields, { ...STRICT, _id: false });
}

/** The values of a thing by their paths in the schema, without those that are undefined. */
export function toFields(schema: Schema, item: object, parent = ''): Fields {
  const entries = Object.entries(item).flatMap(([name, value]): [string, unknown][] => {
    const path = parent + name;
    if (value === undefined) return [];
    if (schema.pathType(path) === 'nested') return Object.entries(toFields(schema, value, `${path}.`));
    return [[path, value instanceof Uint8Array ? Buffer.from(value) : value]];
  });
  return Object.fromEntries(entries);
}

/** What makes a new document of a thing. */
export function describeInsertion(schema: Schema, item: object): { readonly $setOnInsert: Fields } {
  return { $setOnInsert: { ...toFields(schema, item), schemaVersion: SCHEMA_VERSION } };
}

/**
 * What makes a stored document hold a thing: known values are set or taken away one by one, so that whatever a newer release keeps
 * beside them stays; so do the values at the `kept` paths.
 */
export function describeChange(schema: Schema, item: object, kept: readonly string[] = []): Fields {
  const $set = toFields(schema, item);
  const untouched = ['_id', 'schemaVersion', ...kept];
  const absent = Object.keys(schema.paths).filter((path) => !(path in $set) && !untouched.includes(path));
  const $unset = Object.fromEntries(absent.map((path) => [path, 1]));
  return { $set, ...(absent.length > 0 && { $unset }), $max: { schemaVersion: SCHEMA_VERSION } };
}

/**
 * Makes what reads the values that a schema names out of a stored document: bytes as `Uint8Array`, and without the id and whatever a
 * newer release keeps there. `Item` is what the schema says, which a test compares.
 */
export function createReader<Item extends object>(schema: Schema): (document: object) => Item {
  const fields = Object.values(schema.paths)
    .filter(({ path }) => path !== '_id' && path !== 'schemaVersion')
    .map((type) => ({ names: type.path.split('.'), read: createValueReader(type) }));
  return (document) => {
    const item = {};
    for (const { names, read } of fields) {
      const value = names.reduce<unknown>(getValue, document);
      if (value !== undefined) setValue(item, names, read(value));
    }
    return item as Item; // as the docstring says
  };
}

function createValueReader(type: unknown): (value: unknown) => unknown {
  if (!(type instanceof Schema.Types.DocumentArray)) return readValue;
  const readPart = createReader(type.schema);
  return (value) => (Array.isArray(value) ? value.map(readPart) : value);
}

function readValue(value: unknown): unknown {
  return value instanceof mongo.Binary ? new Uint8Array(value.value()) : value;
}

function getValue(parent: unknown, name: string): unknown {
  return typeof parent === 'object' && parent !== null ? Reflect.get(parent, name) : undefined;
}

function setValue(item: object, [name = '', ...deeper]: readonly string[], value: unknown): void {
  if (deeper.length === 0) {
    Reflect.set(item, name, value);
    return;
  }
  const child: unknown = Reflect.get(item, name) ?? {};
  Reflect.set(item, name, child);
  if (typeof child === 'object' && child !== null) setValue(child, deeper, value);
}
