import type { MeasureName } from './measures.ts';
import type { Setup } from './setups.ts';

/** Where a figure is meant to be, and where it is meant to end. */
export interface Goal {
  readonly first: number;
  readonly wanted: number;
  /** What is spent where: told while the first goal is missed. */
  readonly reason?: string;
  /** What is meant with servers, where that is something else. */
  readonly servers?: { readonly first?: number; readonly wanted?: number; readonly reason?: string };
}

interface RatioGoal extends Goal {
  /** What is measured, for people. */
  readonly description: string;
}

/** The goal of a setup. Reasons are of one store: those of the embedded one explain nothing of servers. */
export function findGoal(goal: Goal, { store }: Setup): Goal {
  return store === 'embedded' ? goal : { first: goal.first, wanted: goal.wanted, ...goal.servers };
}

/** Measured on its own, 16 at once: a lookup and a write by id through the store, and the same through the driver alone. */
const CALL_OF_MONGODB =
  'a call of MongoDB takes an eighth of a millisecond of this process where many come at once, of reads a sixth and of writes two fifths in mongoose and the rest in the driver and the system, and more where its answers come one by one';
const START_OF_SERVERS = 'two libraries more to load than with the embedded store, and two connections to open.';

/** Ratios to the processor time of the bare oidc-provider. */
export const RATIO_GOALS: Readonly<Record<MeasureName, RatioGoal>> = {
  discovery: { description: 'discovery document', first: 0.4, wanted: 0.35 },
  jwks: { description: 'public keys', first: 0.4, wanted: 0.35 },
  client_credentials: {
    description: 'client credentials, opaque token',
    first: 1.15,
    wanted: 1,
    servers: { first: 1.2, wanted: 1.05 },
  },
  code_exchange: {
    description: 'code and PKCE for tokens, ES256',
    first: 1.4,
    wanted: 1.2,
    reason:
      'nearly half of the difference is two flushes of the disk, for the spent code and for the refresh token, which sixteen requests share; the session that the tokens end with, read and unsealed, and the line in the log are a sixth each; the rest is three writes and five reads of SQLite with their JSON.',
    servers: {
      reason: `${CALL_OF_MONGODB}; here are four: the spent code, the grant, the account and the refresh token.`,
    },
  },
  code_exchange_rs256: {
    description: 'the same, RS256',
    first: 1.4,
    wanted: 1.2,
    servers: { reason: `${CALL_OF_MONGODB}; here are the same four.` },
  },
  refresh: {
    description: 'refresh with rotation, ES256',
    first: 1.2,
    wanted: 1.1,
    reason:
      'a third of the difference is two flushes of the disk, for the spent refresh token and for the new one, and a sixth the line in the log; the rest is three writes and four reads of SQLite with their JSON.',
    servers: {
      reason: `${CALL_OF_MONGODB}; here are five: the refresh token read, spent and written anew, the grant and the account. None is made twice. Spending is an update by more than an id: a server that does not use the index of ids for it goes through all tokens, the longer the more there are, and answers one request at a time.`,
    },
  },
  introspection: {
    description: 'introspection without a hint',
    first: 1.25,
    wanted: 1.1,
    reason:
      'a third of the difference is the session that the token ends with, read and unsealed at each use, a fifth the line in the log; the rest is four more reads of SQLite with their JSON (without a hint three kinds of token are looked for), headers and limits.',
    servers: {
      reason: `${CALL_OF_MONGODB}; here are two: without a hint the token is looked for among refresh tokens too, and its grant is read.`,
    },
  },
  userinfo: {
    description: 'userinfo',
    first: 1.25,
    wanted: 1.1,
    reason:
      'a third of the difference is the session that the token ends with, read and unsealed at each use, a sixth each the line in the log, the token with its grant, and the account, which has to be fresh; the rest is headers, limits and routing.',
    servers: { reason: `${CALL_OF_MONGODB}; here are two: the grant and the account, which have to be fresh.` },
  },
  passkey_sign_in: {
    description: 'whole passkey sign-in and its tokens',
    first: 2,
    wanted: 1.5,
    servers: {
      first: 2.2,
      wanted: 1.6,
      reason: `${CALL_OF_MONGODB}; here are twenty-one, and forty of Redis: the account is found by its passkey, read anew with all it can sign in with for the decision, and once more for the code and for the tokens. Four of the twenty-one carry the mail to somebody whose browser is new, which with writing and sending it is a seventh of the whole.`,
    },
    reason:
      'the signature of the passkey is verified and its key imported, a page is rendered, and twenty-five writes and as many reads of SQLite carry the attempt, its challenge, its limits, its records, its event in the audit log and the mail to somebody whose browser is new, eight of them with a flush of the disk; then that mail is sent.',
  },
};

/** Milliseconds. */
export const START_GOAL: Goal = {
  first: 1200,
  wanted: 800,
  servers: { first: 1500, wanted: 1500, reason: START_OF_SERVERS },
  reason: 'most of it is loading the libraries; a tenth of a second is what Node.js takes to read TypeScript.',
};
export const P99_GOAL: Goal = { first: 25, wanted: 10 };
/** Megabytes. */
export const IDLE_MEMORY_GOAL: Goal = {
  first: 140,
  wanted: 110,
  reason: 'Node.js and the libraries; 20 MB are what Node.js itself needs to read TypeScript.',
  servers: { reason: 'Node.js and the libraries, of which mongoose and its driver are the largest.' },
};
export const LOADED_MEMORY_GOAL: Goal = {
  first: 300,
  wanted: 220,
  reason:
    'the space that Node.js keeps for young objects, three times 32 MB; the bare provider holds 290 MB after the same load. With `--max-semi-space-size=16` it is 300 MB.',
  servers: { reason: 'the space that Node.js keeps for young objects, as with the embedded store.' },
};
