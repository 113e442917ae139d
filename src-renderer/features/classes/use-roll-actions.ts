import { useEffect, useRef, useState } from 'react'
import { addWalkIn } from '../../../src-shared/commands/add-walk-in.ts'
import { closeRoll } from '../../../src-shared/commands/close-roll.ts'
import { markAttendance } from '../../../src-shared/commands/mark-attendance.ts'
import type { Command } from '../../../src-shared/commands/command.ts'
import type { AttendanceCode, Roll, RollRow } from '../../../src-shared/queries/roll.ts'
import { type Run, useCommand } from '../../app/use-command.ts'
import { errorText } from '../../texts/errors.ts'
import { useToasts } from '../../ui/toasts.tsx'

export interface RollActions {
  readonly mark: (row: RollRow, code: AttendanceCode) => Promise<void>
  readonly note: (row: RollRow, note: string) => Promise<void>
  /** Marks everybody without a mark present. Nobody's mark is overwritten. */
  readonly allPresent: () => Promise<void>
  readonly walkIn: (studentId: string, name: string) => Promise<void>
  readonly close: () => Promise<void>
  /** Who had no mark when the roll was to be closed; empty when nobody asked. */
  readonly missing: readonly RollRow[]
}

const people = (count: number): string => (count === 1 ? '1 child' : `${count} children`)

/** A command whose refusal is told in a toast. True when it is saved. */
const useTold = (): (<A>(command: Command<A>, args: A) => Promise<boolean>) => {
  const run: Run = useCommand()
  const show = useToasts((toasts) => toasts.show)
  return async (command, args) => {
    const reply = await run(command, args)
    if (!reply.ok) show({ text: errorText(reply.error), tone: 'danger' })
    return reply.ok
  }
}

export const useRollActions = ({ session, rows }: Roll): RollActions => {
  const run = useTold()
  const command = useCommand()
  const show = useToasts((toasts) => toasts.show)
  const [wasAsked, setAsked] = useState(false)
  // The undo of a toast comes later: it must know what was marked meanwhile.
  const latest = useRef(rows)
  useEffect(() => {
    latest.current = rows
  }, [rows])
  const unmarked = rows.filter((row) => row.code === 'not_recorded')

  const markAll = (marked: readonly RollRow[], code: AttendanceCode): Promise<boolean> =>
    run(markAttendance, {
      session_id: session.id,
      marks: marked.map((row) => ({ student_id: row.student_id, code, note: row.note })),
    })

  /** Of those, who is still marked present: a later mark of one child is not taken back with the others. */
  const takeBack = async (marked: readonly RollRow[]): Promise<void> => {
    const ids = new Set(marked.map((row) => row.student_id))
    const still = latest.current.filter((row) => ids.has(row.student_id) && row.code === 'present')
    if (still.length > 0) await markAll(still, 'not_recorded')
  }

  return {
    missing: wasAsked ? unmarked : [],

    mark: async (row, code) => {
      if (row.code !== code) await markAll([row], code)
    },

    note: async (row, note) => {
      const text = note.trim() || null
      if (text === row.note) return
      const marks = [{ student_id: row.student_id, code: row.code, note: text }]
      await run(markAttendance, { session_id: session.id, marks })
    },

    allPresent: async () => {
      if (unmarked.length === 0 || !(await markAll(unmarked, 'present'))) return
      const unseen = unmarked.filter((row) => row.checked_in_at === null).length
      show({
        text: `${people(unmarked.length)} marked present.${unseen > 0 ? ` ${unseen} of them not checked in.` : ''}`,
        undo: () => void takeBack(unmarked),
      })
    },

    walkIn: async (studentId, name) => {
      if (await run(addWalkIn, { session_id: session.id, student_id: studentId }))
        show({ text: `${name} added as a walk-in and marked present.` })
    },

    close: async () => {
      if (session.roll_closed_at) return
      setAsked(true)
      // The command knows what was saved a moment ago; the rows on the screen may be one read behind.
      const reply = await command(closeRoll, { session_id: session.id })
      if (reply.ok) show({ text: 'Roll closed. Saved on this computer.' })
      else if (reply.error.code !== 'roll_incomplete') show({ text: errorText(reply.error), tone: 'danger' })
    },
  }
}
