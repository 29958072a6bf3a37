import { hash, type ParsedHashOptions, parseOptions, verify } from '@node-rs/argon2';
import { Gate } from '../lib/gate.ts';
import type { Ids } from '../lib/ids.ts';

const SALT_BYTES = 16;
const TAG_BYTES = 32;
const QUEUE_LENGTH = 64;
const ARGON2ID = 2;

/** What a stored hash may cost at most: it was written by whoever could write to the store. */
const MAX_COST: HashCost = { memoryKib: 256 * 1024, passes: 10, lanes: 4 };

/** What one hash costs (RFC 9106 §3.1). */
export interface HashCost {
  readonly memoryKib: number;
  readonly passes: number;
  readonly lanes: number;
}

interface Deps {
  readonly ids: Ids;
  readonly cost: HashCost;
  /** How many hashes may run at once: one for each processor core. */
  readonly cores: number;
}

/** Hashes passwords with argon2id. At most `cores` run at once and 64 wait; more are refused as `busy`. */
export class Hasher {
  readonly #ids: Ids;
  readonly #cost: HashCost;
  readonly #gate: Gate;
  readonly #dummy: string;

  constructor({ ids, cost, cores }: Deps) {
    this.#ids = ids;
    this.#cost = cost;
    this.#gate = new Gate(cores, QUEUE_LENGTH);
    this.#dummy = buildDummy(cost, ids);
  }

  /** The hash of a normalised password in PHC string form, with a fresh salt. */
  hash(password: string): Promise<string> {
    const { memoryKib, passes, lanes } = this.#cost;
    const salt = this.#ids.newBytes(SALT_BYTES);
    const options = { memoryCost: memoryKib, timeCost: passes, parallelism: lanes, outputLen: TAG_BYTES, salt };
    return this.#gate.run(() => hash(password, options));
  }

  /** Whether the password has this hash. What is no argon2id hash, or one that costs too much, fits nothing and takes as long as another. */
  async verify(stored: string, password: string): Promise<boolean> {
    if (!this.isUsable(stored)) {
      await this.verifyNothing(password);
      return false;
    }
    return this.#gate.run(() => verify(stored, password));
  }

  /** Does the work of `verify` where there is nothing to compare with. */
  async verifyNothing(password: string): Promise<void> {
    await this.#gate.run(() => verify(this.#dummy, password));
  }

  /** False for text that is no argon2id hash and for one whose cost is not to be paid. */
  isUsable(stored: string): boolean {
    const options = parse(stored);
    return (
      options?.algorithm === ARGON2ID &&
      options.memoryCost <= MAX_COST.memoryKib &&
      options.timeCost <= MAX_COST.passes &&
      options.parallelism <= MAX_COST.lanes
    );
  }

  /** Whether the hash is weaker than one made now. */
  needsRehash(stored: string): boolean {
    const options = parse(stored);
    return (
      options === undefined ||
      options.memoryCost < this.#cost.memoryKib ||
      options.timeCost < this.#cost.passes ||
      options.outputLen < TAG_BYTES ||
      options.saltLen < SALT_BYTES
    );
  }
}

function parse(stored: string): ParsedHashOptions | undefined {
  try {
    return parseOptions(stored);
  } catch {
    return undefined; // not in PHC string form
  }
}

/** A hash of the same cost that no password is known to have. */
function buildDummy({ memoryKib, passes, lanes }: HashCost, ids: Ids): string {
  const [salt, tag] = [SALT_BYTES, TAG_BYTES].map((length) =>
    Buffer.from(ids.newBytes(length)).toString('base64').replaceAll('=', ''),
  );
  return `$argon2id$v=19$m=${memoryKib},t=${passes},p=${lanes}$${salt}$${tag}`;
}
