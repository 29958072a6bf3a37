import { AuditLog } from '../../src/audit/audit-log.ts';
import type { AuditStore } from '../../src/audit/audit-store.ts';
import type { Clock } from '../../src/lib/clock.ts';
import { Ids } from '../../src/lib/ids.ts';
import type { LogFields } from '../../src/lib/log-fields.ts';
import type { RateStore } from '../../src/rates/rate-store.ts';

interface Parts {
  readonly storage: { readonly audit: AuditStore; readonly rates: RateStore };
  readonly clock: Clock;
  readonly onError?: (fields: LogFields) => void;
}

/** The audit log on stores of the tests; what it cannot write down is a failure unless told otherwise. */
export function buildAuditLog({ storage, clock, onError = fail }: Parts): AuditLog {
  return new AuditLog({
    store: storage.audit,
    rates: storage.rates,
    ids: new Ids(),
    clock,
    logger: { error: onError },
  });
}

function fail({ error }: LogFields): never {
  throw error;
}
