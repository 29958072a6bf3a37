import type { Result } from 'ioredis';
import { MARK_END, MARK_START } from './entry.ts';

declare module 'ioredis' {
  interface RedisCommander<Context> {
    /** 1 when it was put, 0 when a live value has the key. */
    putUnlessLive(key: string, value: string, ttlMs: number, now: number): Result<number, Context>;
    /** Puts a value, with the mark of the one that it replaces where that has one. */
    putKeepingMark(key: string, value: string, ttlMs: number): Result<number, Context>;
    /** 1 when it was replaced, 0 when it is not live or has another mark than `mark`. */
    putIfMarked(key: string, value: string, ttlMs: number, now: number, mark: number): Result<number, Context>;
    /** 1 when it got the mark (16 digits), 0 when it is not live or had one. */
    markOnce(key: string, mark: string, now: number): Result<number, Context>;
    /** 1 when it was deleted, 0 when it is not there, is not found by `name`, or is by `keptName` (none when empty). */
    deleteFoundBy(key: string, name: string, keptName: string): Result<number, Context>;
    /** Adds to a list what expires at `expiresAt`, drops from it what has expired, and keeps it until its last member expires. */
    addToList(key: string, member: string, expiresAt: number, now: number, spareMs: number): Result<number, Context>;
    /** 1 and the count, or 0 and the milliseconds left of the pause. */
    countTry(
      key: string,
      now: number,
      free: number,
      windowMs: number,
      pauseMs: number,
      maxPauseMs: number,
      spareMs: number,
    ): Result<[counted: number, value: number], Context>;
  }
}

/** Both numbers that an entry begins with; zeros where there is none. */
const READ_HEAD = `
local head = redis.call('GETRANGE', KEYS[1], 0, ${MARK_END - 1})
local expiresAt = tonumber(string.sub(head, 1, ${MARK_START})) or 0
local mark = tonumber(string.sub(head, ${MARK_START + 1})) or 0
`;

/** Where the names of a record end at the latest: four of them, each with its digest. */
const NAMES_END = MARK_END + 256;

/**
 * Every script there is. Each touches one key only, so that it runs on any node of a Cluster, and is given the time, so that it does the
 * same on each. A number that it writes has `%.0f`: Lua would shorten large ones.
 */
export const SCRIPTS = {
  putUnlessLive: {
    numberOfKeys: 1,
    lua: `${READ_HEAD}
if expiresAt > tonumber(ARGV[3]) then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1`,
  },
  putKeepingMark: {
    numberOfKeys: 1,
    lua: `${READ_HEAD}
local value = ARGV[1]
if mark > 0 then
  value = string.sub(value, 1, ${MARK_START}) .. string.sub(head, ${MARK_START + 1}) .. string.sub(value, ${MARK_END + 1})
end
redis.call('SET', KEYS[1], value, 'PX', ARGV[2])
return 1`,
  },
  putIfMarked: {
    numberOfKeys: 1,
    lua: `${READ_HEAD}
if expiresAt <= tonumber(ARGV[3]) or mark ~= tonumber(ARGV[4]) then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1`,
  },
  markOnce: {
    numberOfKeys: 1,
    lua: `${READ_HEAD}
if expiresAt <= tonumber(ARGV[2]) or mark > 0 then return 0 end
redis.call('SETRANGE', KEYS[1], ${MARK_START}, ARGV[1])
return 1`,
  },
  deleteFoundBy: {
    numberOfKeys: 1,
    lua: `
local text = redis.call('GETRANGE', KEYS[1], ${MARK_END}, ${NAMES_END})
local names = string.sub(text, 1, string.find(text, ';', 1, true) or 0)
if not string.find(names, ARGV[1], 1, true) then return 0 end
if ARGV[2] ~= '' and string.find(names, ARGV[2], 1, true) then return 0 end
return redis.call('DEL', KEYS[1])`,
  },
  addToList: {
    numberOfKeys: 1,
    lua: `
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[3])
local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')[2]
if last then redis.call('PEXPIRE', KEYS[1], string.format('%.0f', last - ARGV[3] + ARGV[4])) end
return 1`,
  },
  countTry: {
    numberOfKeys: 1,
    lua: `${READ_HEAD}
local now, pausedUntil, count = tonumber(ARGV[1]), mark, 0
if expiresAt > now then
  if pausedUntil > now then return { 0, pausedUntil - now } end
  count = tonumber(redis.call('GETRANGE', KEYS[1], ${MARK_END}, -1))
end
count = count + 1
local beyond = count - tonumber(ARGV[2])
pausedUntil = 0 -- not now: the clock of another process may be behind
if beyond > 0 then pausedUntil = now + math.min(ARGV[4] * 2 ^ (beyond - 1), tonumber(ARGV[5])) end
local endsAt = math.max(now + ARGV[3], pausedUntil)
local value = string.format('%0${MARK_START}.0f%0${MARK_START}.0f%.0f', endsAt, pausedUntil, count)
redis.call('SET', KEYS[1], value, 'PX', string.format('%.0f', endsAt - now + ARGV[6]))
return { 1, count }`,
  },
} as const;
