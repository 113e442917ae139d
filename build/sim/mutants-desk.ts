import type { Mutant } from './mutant.ts'
import { busy, calm, cuts, falls, noise, wrongRows } from './mutant-plans.ts'

const rebase = 'src-main/data/sync/rebase.ts'
const catchUp = 'src-main/data/sync/catch-up.ts'
const enqueue = 'src-main/data/outbox/enqueue.ts'

/** Of the desk, and of what both sides share. */
export const deskMutants: readonly Mutant[] = [
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
    plan: { ...noise, snapshots: 1500, deviceFalls: 8000, once: ['change the epoch', 'prune removals'] },
  },
  {
    name: 'today is not all (F12)',
    file: 'src-main/data/snapshot/load-parts.ts',
    changes: [['isStale: isOfToday, isOfToday', 'isStale: false, isOfToday: false']],
    plan: { ...calm, snapshots: 3000, office: 400 },
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
    name: 'rows that differ are put right (SPEC H4)',
    file: 'src-main/data/health/mend.ts',
    changes: [['applier.apply(wrong)', 'applier.apply([])']],
    plan: wrongRows,
  },
  {
    name: 'mending below unsent work (SPEC H5)',
    file: 'src-main/data/health/mend.ts',
    changes: [['replica.live().images.undoAfter(0)', '[]']],
    plan: wrongRows,
  },
  {
    name: 'answer to this request (N8)',
    file: 'src-main/data/sync/server.ts',
    changes: [["=== name ? undefined : 'A cache'", "=== '' ? 'A cache' : undefined"]],
    also: { file: 'src-main/data/outbox/send.ts', changes: [['      requireAnswersTo(batch, outcomes)\n', '']] },
    plan: noise,
  },
  {
    name: 'nothing is destroyed that was saved since (U7)',
    file: 'src-main/data/engine.ts',
    changes: [['store.desk.mutationsAfter(upTo, 1).length > 0', 'false']],
    plan: { ...busy, once: ['revoke a device'] },
  },
  {
    name: 'retry after an outage (U3, N6)',
    file: 'src-main/data/outbox/upload-state.ts',
    changes: [
      [
        'wait({ ...upload, leastPauseMs: retryAfterMs, batchSize: Math.ceil(upload.batchSize / 2) }),',
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
    name: 'full disk in a rerun is no refusal (D4, R5)',
    file: rebase,
    changes: [['    if (isOfTheDisk(error)) throw error\n', '']],
    plan: { ...cuts, diskFaults: 400 },
  },
  {
    name: 'removal of what left the facility (S10)',
    file: 'src-shared/replica/apply.ts',
    changes: [['if (entry.row === null) of(entry).remove(entry.row_id)', 'if (entry.row === null) of(entry)']],
    plan: { ...calm, office: 400 },
  },
  {
    name: 'replay before the next write (R7)',
    file: 'src-main/data/store.ts',
    changes: [
      ['const caughtUp = await this.#catchUp()\n      const parts', 'const caughtUp: string[] = []\n      const parts'],
      [
        'const caughtUp = await this.#catchUp()\n      const applied',
        'const caughtUp: string[] = []\n      const applied',
      ],
    ],
    plan: { ...cuts, diskFaults: 1500 },
  },
  {
    name: 'a lost log fills a second replica (N7, F3)',
    file: 'src-main/data/store.ts',
    changes: [['const isShown = this.#loading === this.#shown', 'const isShown = true']],
    plan: { ...calm, office: 400, once: ['prune removals', 'change the epoch'] },
  },
  {
    name: 'an invoice is paid once (I6, B1)',
    file: 'src-shared/rules/money.ts',
    changes: [['const fits = Math.min(amount, outstandingBy.get(invoice_id) ?? 0)', 'const fits = amount']],
    plan: cuts,
  },
  {
    name: 'no number of a receipt is left out (I6)',
    file: enqueue,
    changes: [["? desk.peek('receipt') : null", "? desk.peek('receipt') + 1 : null"]],
    plan: calm,
  },
  {
    name: 'a local write waits for no line (I9)',
    file: 'src-main/data/store.ts',
    changes: [
      [
        'const loaded = await load(this.#work, this.#targetOf(generation))',
        'const loaded = await this.#exclusive(() => load(this.#work, this.#targetOf(generation)))',
      ],
    ],
    plan: { ...cuts, snapshots: 1500, once: ['change the epoch'] },
  },
  {
    name: 'pages are encrypted (I7)',
    file: 'src-main/data/sqlite.ts',
    changes: [["  db.pragma(`key = 'raw:${Buffer.from(options.key).toString('hex')}'`)\n", '']],
    plan: calm,
  },
  {
    name: 'receipts that a computer has forgotten (I6, D15)',
    file: catchUp,
    changes: [['usedUpTo(Number(last ?? 0)) + 1', 'usedUpTo(0) + 1']],
    plan: { ...busy, once: ['copy a computer'] },
  },
  {
    name: 'a new replica is on the disk before it is shown (F9, D2)',
    file: 'src-main/data/store.ts',
    changes: [['if (this.#loading === fresh || fresh.generation !== named) fresh.replica.flush()', '']],
    plan: { ...falls, once: ['change the epoch'] },
  },
  {
    name: 'also where a kill came before that (F9, D2)',
    file: 'src-main/data/replica/open-shown.ts',
    changes: [['    flushIfPossible(replica)\n', '']],
    plan: { ...falls, kills: 300 },
  },
  {
    name: 'who has read what changes (R1)',
    file: 'src-main/data/sync/rebase-plan.ts',
    changes: [['reads.firstReader(row.table_name, [before, after], progress)', 'undefined']],
    plan: { ...cuts, office: 400 },
  },
  {
    name: 'whoever comes by the log is found (search)',
    file: rebase,
    changes: [["    if (search.refresh()) touched.add('search_index')\n", '']],
    plan: { ...calm, office: 400 },
  },
]
