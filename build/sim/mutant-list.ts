import type { Plan } from './plan.ts'

/** One safety line of the product taken away, and the faults under which it should be missed. */
export interface Mutant {
  readonly name: string
  readonly file: string
  /** Text that is there once, and what stands there instead. */
  readonly changes: readonly (readonly [from: string, to: string])[]
  readonly plan: Partial<Plan>
}

const noLines = { cut: 0, flap: 0, noise: 0 }
const calm: Partial<Plan> = {
  snapshots: 0,
  lines: noLines,
  deviceFalls: 0,
  serverFalls: 0,
  kills: 0,
  diskFaults: 0,
  queryFaults: 0,
  notificationsLost: 0,
  wrongClocks: 0,
  once: [],
}
const cuts: Partial<Plan> = { ...calm, lines: { ...noLines, cut: 10 }, weather: 5000 }
const noise: Partial<Plan> = { ...calm, lines: { ...noLines, noise: 10 }, weather: 5000 }
/** The server is too busy for many uploads. */
export const busy: Partial<Plan> = { ...calm, lines: { ...noLines, cut: 1, noise: 10 }, weather: 15_000 }
const wrongRows: Partial<Plan> = { ...cuts, once: ['a row goes wrong'] }
const falls: Partial<Plan> = { ...cuts, deviceFalls: 12_000, kills: 60 }

const rebase = 'src-main/data/sync/rebase.ts'
const catchUp = 'src-main/data/sync/catch-up.ts'
const ledger = 'sync-server/mutations/ledger.ts'
const enqueue = 'src-main/data/outbox/enqueue.ts'

/** Every line without which a promise is broken. */
export const mutants: readonly Mutant[] = [
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
    name: 'synchronous = FULL (I1, D2)',
    file: 'src-main/data/desk/open.ts',
    changes: [["synchronous: 'FULL'", "synchronous: 'NORMAL'"]],
    plan: falls,
  },
  {
    name: 'desk.db before the replica (W1)',
    file: enqueue,
    changes: [
      [
        'return await parts.replica.transact(',
        'let late = (): void => undefined\n    const done = await parts.replica.transact(',
      ],
      [
        'parts.desk.commitMutation(',
        'const order = await printOrder(tx, envelope, context)\n      late = () => parts.desk.commitMutation(',
      ],
      ['await printOrder(tx, envelope, context), receivedUpTo', 'order, receivedUpTo'],
      ['      return saved\n    })', '      return saved\n    })\n    late()\n    return done'],
    ],
    plan: { ...falls, kills: 400 },
  },
  {
    name: 'replay at the start (R7)',
    file: catchUp,
    changes: [['  const { appliedSeq } = replica.state.read()\n', '  const appliedSeq = desk.lastSeq()\n']],
    plan: falls,
  },
  {
    name: 'appliedSeq with each write (R7)',
    file: enqueue,
    changes: [['update({ appliedSeq: envelope.seq, latestHlc', 'update({ latestHlc']],
    plan: cuts,
  },
  {
    name: 'before-images: undo (R3)',
    file: rebase,
    changes: [['for (const table of images.undoAfter(keptUpTo)) touched.add(table)', '']],
    plan: cuts,
  },
  {
    name: 'before-images: rows of decided work (R3)',
    file: rebase,
    changes: [['      images.restore(row, progress)\n', '']],
    plan: cuts,
  },
  {
    name: 'rerun after a batch (R1)',
    file: rebase,
    changes: [
      [
        'if (keptUpTo < parts.desk.lastSeq()) for (const table of await replay(tx, parts, keptUpTo)) touched.add(table)',
        '',
      ],
    ],
    plan: cuts,
  },
  {
    name: 'batch only at up-to-date (R2, N10)',
    file: 'src-main/data/sync/log-feed.ts',
    changes: [
      [
        'for (const entry of knownEntries(event.entries)) this.#entries.push(entry)',
        'const early = knownEntries(event.entries)\n      const position = early.at(-1)?.position\n      const { handle } = this.#parts.store.feedState\n      if (!position) return\n      this.#parts.onTables(await this.#parts.store.apply({ entries: early, handle, position, serverTime: undefined }))',
      ],
    ],
    plan: { ...cuts, office: 400 },
  },
  {
    name: 'log that began anew without a word (F5, N8)',
    file: 'src-main/data/sync/same-log.ts',
    changes: [
      ["throw new Error('The log began anew without a word')", 'known = handle'],
      ["throw new Error('The log went back')", 'position = 0'],
    ],
    plan: { ...noise, office: 400, once: ['change the epoch', 'prune removals'] },
  },
  {
    name: 'hash of a part (F10)',
    file: 'src-main/data/snapshot/load-parts.ts',
    changes: [["throw new DamagedPart('its hash is another one')", 'return']],
    plan: { ...noise, snapshots: 3000, deviceFalls: 8000 },
  },
  {
    name: 'today is not all (F12)',
    file: 'src-main/data/snapshot/load-parts.ts',
    changes: [['isStale: isOfToday, isOfToday', 'isStale: false, isOfToday: false']],
    plan: { ...calm, snapshots: 3000, office: 400 },
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
    name: 'numbers that were used before (U6, D15)',
    file: catchUp,
    changes: [['  skipUsedNumbers(parts)\n', '']],
    plan: { ...calm, once: ['set a device back'] },
  },
  {
    name: 'not answered is not decided (U5, D15)',
    file: 'src-main/data/outbox/send.ts',
    changes: [
      ['const after = upload.answeredUpTo', 'const after = Math.max(parts.decided.progress, upload.answeredUpTo)'],
    ],
    plan: { ...busy, once: ['copy a computer'] },
  },
  {
    name: 'answers known after a restart (U5, D15)',
    file: 'src-main/data/outbox/answered.ts',
    changes: [['Math.min(progress, seq)', 'progress']],
    plan: { ...busy, deviceFalls: 8000, once: ['copy a computer'] },
  },
  {
    name: 'no answer of another history counts (U8, S5, D15)',
    file: 'src-main/data/outbox/answered.ts',
    changes: [[': 0\n', ': Math.min(progress, seq)\n']],
    plan: { ...busy, once: ['copy a computer', 'restore the server'] },
  },
  {
    name: 'a number that was skipped is free (D15)',
    file: 'sync-server/mutations/ledger.ts',
    changes: [['received.seq < expected && (await isUsed(tx, numbered))', 'received.seq < expected']],
    plan: { ...busy, once: ['copy a computer', 'restore the server'] },
  },
  {
    name: 'rows that differ are named (H4)',
    file: 'sync-server/digests/compare.ts',
    changes: [['here.rows === there?.rows && here.digest === there.digest', 'here.rows === there?.rows']],
    plan: wrongRows,
  },
  {
    name: 'rows that differ are put right (H4)',
    file: 'src-main/data/health/mend.ts',
    changes: [['applier.apply(wrong)', 'applier.apply([])']],
    plan: wrongRows,
  },
  {
    name: 'mending below unsent work (H5)',
    file: 'src-main/data/health/mend.ts',
    changes: [['replica.live().images.undoAfter(0)', '[]']],
    plan: wrongRows,
  },
  {
    name: 'answer to this batch (N8)',
    file: 'src-main/data/outbox/send.ts',
    changes: [['if (outcomes.at(-1)?.id !== last.id)', 'if (outcomes === undefined)']],
    plan: noise,
  },
  {
    name: 'retry after an outage (U3, N6)',
    file: 'src-main/data/outbox/upload-state.ts',
    changes: [
      [
        'wait({ ...upload, leastPauseMs: retryAfterMs }),',
        "stay({ ...upload, state: 'idle', leastPauseMs: retryAfterMs }),",
      ],
    ],
    plan: cuts,
  },
  {
    name: 'silence on the line (N5)',
    file: 'src-main/data/sync/fetch-watched.ts',
    changes: [['const longestSilenceMs = 24_000', 'const longestSilenceMs = 240_000']],
    plan: cuts,
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
    name: 'full disk in a rerun is no refusal (D4, R5)',
    file: rebase,
    changes: [['    if (isOfTheDisk(error)) throw error\n', '']],
    plan: { ...cuts, diskFaults: 400 },
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
    name: 'removal of what left the facility (S10)',
    file: 'src-shared/replica/apply.ts',
    changes: [['if (entry.row === null) of(entry).remove(entry.row_id)', 'if (entry.row === null) of(entry)']],
    plan: { ...calm, office: 400 },
  },
]
