import type { Insertable, Transaction } from 'kysely'
import type { Database } from '../schema/tables.ts'
import type { CommandRun } from './command.ts'

type Event = Pick<Insertable<Database['check_ins']>, 'session_id' | 'student_id' | 'kind' | 'undoes_id' | 'guardian_id'>

/** Writes down that a child came, went, or that this was a mistake: a new event, never a change (MERGE). */
export const insertCheckIn = async (tx: Transaction<Database>, event: Event, run: CommandRun): Promise<void> => {
  await tx
    .insertInto('check_ins')
    .values({
      id: run.newId(),
      facility_id: run.facilityId,
      ...event,
      at: run.at,
      hlc: run.hlc,
      staff_id: run.staffId,
      device_id: run.deviceId,
    })
    .execute()
}
