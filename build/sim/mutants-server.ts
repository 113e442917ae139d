import type { Mutant } from './mutant.ts'
import { busy, calm, cuts, noise, wrongRows } from './mutant-plans.ts'

const ledger = 'sync-server/mutations/ledger.ts'

/** Of the server. */
export const serverMutants: readonly Mutant[] = [
  {
    name: 'claim of the mutation id (I2, N1)',
    file: ledger,
    changes: [
      [
        'takeTurnWith(tx, device, rowOf(arrived))',
        'takeTurnWith(tx, device, { ...rowOf(arrived), id: crypto.randomUUID() })',
      ],
    ],
    plan: noise,
  },
  {
    name: 'hash of the body (N3)',
    file: ledger,
    changes: [['row?.body_hash !== received.bodyHash', 'row === undefined']],
    plan: noise,
  },
  {
    name: 'lease of the mutation (T3, B9)',
    file: 'sync-server/mutations/carry-out.ts',
    changes: [
      [
        '  if (grant?.staffId !== envelope.staff_id) {\n    throw new DomainError',
        '  if (!grant) {\n    const known = await permissionsOf(asShared(tx), envelope.staff_id, context.device.facilityId)\n    return { staffId: envelope.staff_id, notAfter: "9999", permissions: known }\n  }\n  if (grant.staffId !== envelope.staff_id) {\n    throw new DomainError',
      ],
    ],
    plan: calm,
  },
  {
    name: 'epoch in the handle (S4, S5)',
    file: 'sync-server/shapes/handle.ts',
    changes: [['return handle.startsWith(prefix) && /^', 'return prefix.length > 0 && /^']],
    plan: { ...cuts, once: ['restore the server'] },
  },
  {
    name: '409 where removals were pruned (S12, N7)',
    file: 'sync-server/shapes/serve.ts',
    changes: [['Math.max(offset.position, offset.since) < head.prunedTo', 'false']],
    plan: { ...cuts, office: 400, once: ['prune removals'] },
  },
  {
    name: 'a number that was skipped is free (D15)',
    file: 'sync-server/mutations/ledger.ts',
    changes: [['received.seq < expected && (await isUsed(tx, numbered))', 'received.seq < expected']],
    plan: { ...busy, once: ['copy a computer', 'restore the server'] },
  },
  {
    name: 'rows that differ are named (SPEC H4)',
    file: 'sync-server/digests/compare.ts',
    changes: [['here.rows === there?.rows && here.digest === there.digest', 'here.rows === there?.rows']],
    plan: wrongRows,
  },
  {
    name: 'poll where a notification was lost (S3)',
    file: 'sync-server/shapes/log-waiters.ts',
    changes: [
      [
        'const timer = setTimeout(() => end(false), milliseconds)',
        'const timer = setTimeout(() => undefined, milliseconds)',
      ],
    ],
    plan: { ...calm, notificationsLost: 1000 },
  },
  {
    // The triggers of the database are not copied with a mutant, so what they do is taken away for the one statement.
    name: 'TRUNCATE is refused (S9, S11)',
    file: 'build/sim/office.ts',
    changes: [
      ['await sql(`truncate', 'await sql(`begin; set local session_replication_role = replica; truncate'],
      [' cascade`)', ' cascade; commit`)'],
    ],
    plan: { ...calm, once: ['meddle'] },
  },
  {
    name: 'effects of what is carried out (I2)',
    file: 'sync-server/mutations/carry-out.ts',
    changes: [
      [
        '  const merged = await applyCommand(',
        '  await sql`savepoint effects`.execute(tx)\n  const merged = await applyCommand(',
      ],
      [
        "  return merged ? { outcome: 'merged', error: merged } : { outcome: 'applied' }",
        "  await sql`rollback to savepoint effects`.execute(tx)\n  return { outcome: 'applied' }",
      ],
    ],
    plan: calm,
  },
  {
    name: 'a refusal is told (I3)',
    file: ledger,
    changes: [
      [
        "set(remark).where('id', '=', keptAs).execute()\n",
        "set(remark).where('id', '=', keptAs).execute()\n  if (verdict.outcome === 'refused') return\n",
      ],
    ],
    plan: calm,
  },
  {
    name: 'nothing of a revoked device is carried out (U7)',
    file: ledger,
    changes: [['why ?? (isRevoked ? revokedDevice() : undefined)', 'why']],
    plan: { ...cuts, once: ['revoke a device'] },
  },
  {
    name: 'the log of its own facility alone (I7)',
    file: 'sync-server/shapes/log.ts',
    changes: [
      [
        '"row" from sync_log\n        where facility_id = ${log.facilityId} and audience',
        '"row" from sync_log\n        where audience',
      ],
      [
        'select * from sync_log\n    where facility_id = ${log.facilityId} and audience',
        'select * from sync_log\n    where audience',
      ],
    ],
    also: {
      file: 'migrations/postgres/0003-facility-log.sql',
      changes: [
        [
          'on sync_log for select to foyer_feed using (facility_id = (select app_facility()))',
          'on sync_log for select to foyer_feed using (true)',
        ],
      ],
    },
    plan: calm,
  },
]
