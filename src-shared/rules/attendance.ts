import type { Row } from '../schema/table.ts'
import type { attendanceMarks } from '../schema/tables/attendance-marks.ts'
import type { checkIns } from '../schema/tables/check-ins.ts'

type Mark = Pick<Row<typeof attendanceMarks>, 'id' | 'code' | 'hlc'>
type CheckInEvent = Pick<Row<typeof checkIns>, 'id' | 'kind' | 'at' | 'hlc' | 'undoes_id'>

const isLater = (a: { readonly hlc: string; readonly id: string }, b: { readonly hlc: string; readonly id: string }) =>
  a.hlc === b.hlc ? a.id > b.id : a.hlc > b.hlc

/**
 * The mark that counts for one student in one session: the last in causal order (MERGE). Undefined is `not_recorded`:
 * the absence of a mark is never turned into present or absent (U15).
 */
export const effectiveMark = <M extends Mark>(marks: readonly M[]): M | undefined => {
  const last = marks.reduce<M | undefined>((best, mark) => (!best || isLater(mark, best) ? mark : best), undefined)
  return last
}

/** Whether a mark settles the student for the closing of the roll. */
export const isRecorded = (mark: Pick<Mark, 'code'> | undefined): boolean =>
  mark !== undefined && mark.code !== 'not_recorded'

export interface Presence {
  /** The earliest check-in that was not undone; undefined when the child did not come. */
  readonly in: { readonly id: string; readonly at: string } | undefined
  /** The latest check-out that was not undone; undefined when the child is here, also when it came back. */
  readonly out: { readonly id: string; readonly at: string } | undefined
  /** How many check-ins stand: two desks may both have done it. */
  readonly count: number
}

/** Check-ins and check-outs of one student in one session, folded: earliest in, latest out (MERGE, U18). */
export const presenceOf = (events: readonly CheckInEvent[]): Presence => {
  const undone = new Set(events.filter((event) => event.kind === 'undo').map((event) => event.undoes_id))
  const standing = events
    .filter((event) => event.kind !== 'undo' && !undone.has(event.id))
    .toSorted((a, b) => (isLater(a, b) ? 1 : -1))
  const ins = standing.filter((event) => event.kind === 'in')
  const [first] = ins
  const last = standing.at(-1)
  return {
    in: first && { id: first.id, at: first.at },
    out: last?.kind === 'out' ? { id: last.id, at: last.at } : undefined,
    count: ins.length,
  }
}
