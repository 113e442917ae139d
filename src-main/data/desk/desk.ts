import type { MutationEnvelope } from '../../../src-shared/contract/http.ts'
import type { PrintJob } from '../../../src-shared/contract/ipc.ts'
import { type SqliteDatabase, textOrUndefined } from '../sqlite.ts'

export interface PrintOrder {
  readonly id: string
  readonly receipt_id: string
  readonly label: string
}

/** `desk.db` in the words of its readers. Every write is durable when it returns. */
export interface Desk {
  readonly peek: (kind: 'mutation' | 'receipt') => number
  /**
   * The moment of truth of a local write: mutation, numbers and print job in one commit; saved when it returns.
   * `serverTime` is the latest that is known: a clock that is years behind must not make the mutation old (pruneSent).
   */
  readonly commitMutation: (envelope: MutationEnvelope, order: PrintOrder | undefined, serverTime?: string) => void
  /** In order of `seq`, at most `limit`. */
  readonly mutationsAfter: (seq: number, limit: number) => readonly MutationEnvelope[]
  readonly mutationsUpTo: (seq: number) => readonly MutationEnvelope[]
  readonly lastSeq: () => number
  readonly mutationById: (id: string) => MutationEnvelope | undefined
  /** Goes on at these numbers, where they are higher: those below were used. */
  readonly skipTo: (numbers: Readonly<Record<'mutation' | 'receipt', number>>) => void
  /** Whether `skipTo` has passed over all mutations from this number to that one: there never were any here. */
  readonly hasSkipped: (from: number, to: number) => boolean
  readonly printJobs: () => readonly PrintJob[]
  readonly settlePrintJob: (id: string, state: PrintJob['state']) => void
  readonly settlePrintJobsOf: (receiptId: string, state: PrintJob['state']) => void
  /** What somebody had read here before the inbox was settled for all desks (accept-closed.ts). */
  readonly closedOutcomes: () => ReadonlySet<string>
  readonly forgetClosed: (id: string) => void
  readonly setting: (key: string) => string | undefined
  readonly saveSetting: (key: string, value: string) => void
  /** Forgets sent mutations older than `before` (instant) and not beyond `seq`. */
  readonly pruneSent: (seq: number, before: string) => void
  readonly close: () => void
}

const toEnvelope = (text: unknown): MutationEnvelope => JSON.parse(String(text)) as MutationEnvelope

type Range = readonly [first: number, last: number]

/** A later one; two that touch are one. */
const withRange = (ranges: readonly Range[], [first, last]: Range): readonly Range[] => {
  const before = ranges.at(-1)
  return before?.[1] === first - 1 ? [...ranges.slice(0, -1), [before[0], last]] : [...ranges, [first, last]]
}

export const deskOver = (db: SqliteDatabase): Desk => {
  const next = db.prepare('select next from series where kind = ?').pluck()
  // Never back: what replaces a lost mutation has a number of long ago.
  const advance = db.prepare('update series set next = max(next, ?) where kind = ?')
  const insert = db.prepare('insert into mutations (seq, id, envelope, at) values (?, ?, ?, ?)')
  const after = db.prepare('select envelope from mutations where seq > ? order by seq limit ?').pluck()
  const byId = db.prepare('select envelope from mutations where id = ?').pluck()
  const order = db.prepare("insert into print_jobs values (?, ?, ?, 'waiting', ?)")
  const setSetting = db.prepare(
    'insert into settings values (?, ?) on conflict (key) do update set value = excluded.value',
  )
  const getSetting = db.prepare('select value from settings where key = ?').pluck()

  const commit = db.transaction((envelope: MutationEnvelope, print: PrintOrder | undefined, serverTime?: string) => {
    const at = serverTime !== undefined && serverTime > envelope.at ? serverTime : envelope.at
    insert.run(envelope.seq, envelope.id, JSON.stringify(envelope), at)
    advance.run(envelope.seq + 1, 'mutation')
    if (envelope.series_number !== null) advance.run(envelope.series_number + 1, 'receipt')
    if (print) order.run(print.id, print.receipt_id, print.label, envelope.at)
  })

  const skipped = (): readonly Range[] => JSON.parse(textOrUndefined(getSetting.get('skipped')) ?? '[]') as Range[]

  const skip = db.transaction((numbers: Readonly<Record<'mutation' | 'receipt', number>>) => {
    const from = Number(next.get('mutation'))
    if (numbers.mutation > from) {
      setSetting.run('skipped', JSON.stringify(withRange(skipped(), [from, numbers.mutation - 1])))
    }
    for (const [kind, number] of Object.entries(numbers)) advance.run(number, kind)
  })

  return {
    peek: (kind) => Number(next.get(kind)),
    commitMutation: (envelope, print, serverTime) => commit.immediate(envelope, print, serverTime),
    mutationsAfter: (seq, limit) => after.all(seq, limit).map(toEnvelope),
    mutationsUpTo: (seq) =>
      db.prepare('select envelope from mutations where seq <= ? order by seq').pluck().all(seq).map(toEnvelope),
    lastSeq: () => Number(next.get('mutation')) - 1,
    mutationById: (id) => {
      const envelope = byId.get(id)
      return envelope === undefined ? undefined : toEnvelope(envelope)
    },
    skipTo: (numbers) => skip.immediate(numbers),
    hasSkipped: (from, to) => skipped().some(([first, last]) => first <= from && to <= last),
    printJobs: () =>
      db
        .prepare(
          "select id, receipt_id, label, state, at from print_jobs where state in ('waiting', 'failed') order by at, rowid",
        )
        .all() as PrintJob[],
    settlePrintJob: (id, state) => db.prepare('update print_jobs set state = ? where id = ?').run(state, id),
    settlePrintJobsOf: (receiptId, state) =>
      db.prepare('update print_jobs set state = ? where receipt_id = ?').run(state, receiptId),
    closedOutcomes: () => new Set(db.prepare('select id from closed_outcomes').pluck().all().map(String)),
    forgetClosed: (id) => db.prepare('delete from closed_outcomes where id = ?').run(id),
    setting: (key) => textOrUndefined(getSetting.get(key)),
    saveSetting: (key, value) => setSetting.run(key, value),
    pruneSent: (seq, before) => db.prepare('delete from mutations where seq <= ? and at < ?').run(seq, before),
    close: () => db.close(),
  }
}
