import { existsSync } from 'node:fs'
import type { MutationEnvelope } from '../../../src-shared/contract/http.ts'
import { openEncrypted } from '../../../src-main/data/sqlite.ts'
import type { SimDevice } from '../device.ts'
import type { CrashKind } from '../device-parts.ts'
import type { Reader } from '../reader.ts'
import type { Acknowledged, Journal } from './journal.ts'
import { mayBeFewer, rowIdsOf, rowsMadeBy } from './rows-made.ts'
import type { Verdict } from './verdict.ts'

interface Seen {
  readonly file: string
  readonly handle: string | undefined
  readonly position: number
}

/** What must be so at every moment at which a person could look at a device. */
export interface Watch {
  readonly look: (device: SimDevice) => void
  /** A replica that is filled anew stays out of sight until it is whole: a screen never empties (FAULTS N7, F3). */
  readonly glance: (device: SimDevice) => void
  /** A local write has got these numbers. */
  readonly drawn: (device: SimDevice, envelope: MutationEnvelope) => void
  /** A replica may have lost its last commits. */
  readonly afterCrash: (device: SimDevice, kind: CrashKind) => void
  /** The server was set back without a trace: until that is noticed, what its log brings does not fit what is there. */
  readonly unsettle: () => void
  /** The device was set back. */
  readonly forget: (device: SimDevice) => void
}

export const createWatch = (verdict: Verdict, journal: Journal): Watch => {
  const seen = new Map<SimDevice, Seen>()
  let isSettled = true
  const glance = (device: SimDevice): void => {
    const isEmpty = device.isOn && seen.has(device) && device.reader() === undefined
    verdict.check('screen', !isEmpty, () => `${device.name} has shown everything and shows nothing now`)
  }

  return {
    glance,
    look(device) {
      glance(device)
      const reader = device.reader()
      if (!reader) return
      const state = reader.state()
      const before = seen.get(device)
      if (before?.file === state.file && before.handle === state.handle) {
        verdict.check(
          'position never goes back',
          state.position >= before.position,
          () => `${device.name} was at ${before.position} and is at ${state.position}`,
        )
      }
      seen.set(device, state)
      ownWrites(device, reader, { verdict, journal })
      if (!isSettled) return
      wholeTransactions(device, reader, verdict)
      soundReruns(device, reader, verdict)
    },
    drawn(device, envelope) {
      const { seq, series_number: number } = envelope
      const reader = device.reader()
      if (!reader) return
      const isFree = seq > progressOf(device, reader)
      verdict.check('sequence', isFree, () => `${device.name} drew ${seq}, which its own log knows as used`)
      const isNew = number === null || !isReceiptOfAnother(device, reader, envelope)
      verdict.check('I6', isNew, () => `${device.name} drew receipt ${number}, which its own log shows as handed out`)
    },
    afterCrash(device, kind) {
      const shown = seen.get(device)
      // What it showed may be older now; that it shows something is not.
      if (kind === 'power' && shown) seen.set(device, { ...shown, file: '' })
      savedOnDisk(device, { verdict, journal })
    },
    unsettle: () => {
      isSettled = false
    },
    forget: (device) => void seen.delete(device),
  }
}

interface Parts {
  readonly verdict: Verdict
  readonly journal: Journal
}

const progressOf = (device: SimDevice, reader: Reader): number =>
  Number(reader.value('select last_seq from device_progress where id = ?', device.enrolled.id) ?? 0)

const isReceiptOfAnother = (device: SimDevice, reader: Reader, { id, series_number }: MutationEnvelope): boolean =>
  reader.value(
    'select 1 from receipts where till_id = ? and number = ? and id not between ? and ?',
    device.enrolled.till.id,
    series_number,
    ...rowIdsOf(id),
  ) !== undefined

/** I5: what was saved here and is not decided yet is on the screen, or is said to need a person. */
const ownWrites = (device: SimDevice, reader: Reader, { verdict, journal }: Parts): void => {
  const progress = progressOf(device, reader)
  const all = journal.of(device)
  for (let index = all.length - 1; index >= 0; index -= 1) {
    const each = all[index]
    if (!each || each.envelope.seq <= progress) break
    verdict.check('I5', isShown(reader, each), () => {
      const { seq, command } = each.envelope
      return `${device.name} does not show its own ${command} ${seq}; decided up to ${progress}`
    })
  }
}

/** A rerun is refused by a rule, or by nothing. */
const soundReruns = (device: SimDevice, reader: Reader, verdict: Verdict): void => {
  const broken = reader.value('select error from local_refusals where error like \'%"code":"unexpected"%\'')
  verdict.check('reruns', broken === undefined, () => `${device.name}: a rerun fell over: ${String(broken)}`)
}

const isShown = (reader: Reader, { envelope }: Acknowledged): boolean =>
  (hasItsRows(reader, envelope) && hasItsChange(reader, envelope)) ||
  reader.value('select 1 from local_refusals where seq = ?', envelope.seq) !== undefined

const hasItsRows = (reader: Reader, envelope: MutationEnvelope): boolean =>
  Object.entries(rowsMadeBy(envelope))
    .filter(([table]) => !mayBeFewer.includes(table))
    .every(
      ([table, rows]) =>
        reader.value(`select count(*) from ${table} where id between ? and ?`, ...rowIdsOf(envelope.id)) === rows,
    )

/** What it does to a row that is not its own. */
const hasItsChange = (reader: Reader, { command, args }: MutationEnvelope): boolean => {
  const { session_id = '', outcome_id = '' } = args as { readonly session_id?: string; readonly outcome_id?: string }
  if (command === 'roll.close') {
    return reader.value('select roll_closed_at from sessions where id = ?', session_id) !== null
  }
  const isOfInbox = command.startsWith('inbox.')
  return !isOfInbox || reader.value('select 1 from inbox_settlements where id = ?', outcome_id) !== undefined
}

/** Invoices of the office are numbered `S<lines>-…` and written with their lines in one transaction (FAULTS N10). */
const wholeTransactions = (device: SimDevice, reader: Reader, verdict: Verdict): void => {
  const halves = reader.all(
    `select invoices.number, count(invoice_lines.id) as lines from invoices
      left join invoice_lines on invoice_lines.invoice_id = invoices.id
      where invoices.number like 'S%' group by invoices.id
      having count(invoice_lines.id) <> cast(substr(invoices.number, 2, 1) as integer)`,
  )
  verdict.check('transactions arrive whole', halves.length === 0, () => {
    const [half] = halves
    return `${device.name} shows invoice ${String(half?.['number'])} with ${String(half?.['lines'])} lines`
  })
}

/** I1: what was acknowledged is in `desk.db` after the crash, as it was. */
const savedOnDisk = (device: SimDevice, { verdict, journal }: Parts): void => {
  const all = journal.of(device)
  if (all.length === 0) return
  const kept = savedIn(device)
  for (const { envelope, text } of all) {
    verdict.check('I1', kept.get(envelope.id) === text, () => {
      const what = kept.has(envelope.id) ? 'has changed' : 'is lost'
      return `${device.name}: ${envelope.command} ${envelope.seq} was acknowledged and ${what}`
    })
  }
}

/** Every mutation in `desk.db`, by id; none where it was destroyed. */
export const savedIn = (device: SimDevice): ReadonlyMap<string, string> => {
  const file = `${device.folder}/desk.db`
  if (!existsSync(file)) return new Map()
  const db = openEncrypted(file, { key: device.key, synchronous: 'FULL' })
  try {
    const rows = db.prepare('select id, envelope from mutations').all() as { id: string; envelope: string }[]
    return new Map(rows.map(({ id, envelope }) => [id, envelope]))
  } finally {
    db.close()
  }
}
