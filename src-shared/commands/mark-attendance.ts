import type { Transaction } from 'kysely'
import { z } from 'zod'
import { DomainError } from '../errors.ts'
import { idSchema, sharedText } from '../schema/columns.ts'
import type { Database } from '../schema/tables.ts'
import { attendanceCodes } from '../schema/tables/attendance-marks.ts'
import { requireBooked, requireSession, standingBookings } from '../rules/bookings.ts'
import { type CommandRun, defineCommand } from './command.ts'

export interface NewMark {
  readonly session_id: string
  readonly student_id: string
  readonly code: (typeof attendanceCodes)[number]
  readonly note: string | null
  readonly source: 'instructor' | 'office'
}

export const insertMark = async (tx: Transaction<Database>, mark: NewMark, run: CommandRun): Promise<void> => {
  await tx
    .insertInto('attendance_marks')
    .values({
      id: run.newId(),
      facility_id: run.facilityId,
      ...mark,
      at: run.at,
      hlc: run.hlc,
      staff_id: run.staffId,
      device_id: run.deviceId,
    })
    .execute()
}

const mark = z.strictObject({
  student_id: idSchema,
  code: z.enum(attendanceCodes),
  note: sharedText(1000).nullable(),
})

/**
 * Marks students of one session; "all present" is one command. Marks are only added (U15, MERGE). Once the roll is closed
 * only the office may correct it, as a fact beside the instructor's mark.
 */
export const markAttendance = defineCommand({
  name: 'attendance.mark',
  version: 1,
  args: z.strictObject({ session_id: idSchema, marks: z.array(mark).min(1).max(200) }),
  permission: 'attendance.record',

  async apply(tx, { session_id, marks }, run) {
    await run.lock('sessions', session_id)
    const session = await requireSession(tx, session_id, run.facilityId)
    const isClosed = session.roll_closed_at !== null
    if (isClosed && !run.permissions.has('attendance.correct')) {
      throw new DomainError('roll_closed', 'This roll is closed. Ask the office to correct it.')
    }
    const booked = await standingBookings(tx, session_id)
    for (const { student_id, code, note } of marks) {
      requireBooked(booked, student_id)
      await insertMark(tx, { session_id, student_id, code, note, source: isClosed ? 'office' : 'instructor' }, run)
    }
  },
})
