import { openEncrypted } from '../../src-main/data/sqlite.ts'
import type { SimDevice } from './device.ts'
import type { Chance } from './random.ts'

/** What a row becomes that rots where no cipher sees it, such as in memory on its way to the disk (FAULTS D7). */
const rots: Readonly<Record<string, readonly string[]>> = {
  families: ["update families set note = 'rotten' where id = ?"],
  students: ["update students set first_name = 'Rotten' where id = ?"],
  guardians: ["update guardians set first_name = 'Rotten' where id = ?", 'delete from guardians where id = ?'],
  classes: ['update classes set capacity = capacity + 1 where id = ?', 'delete from classes where id = ?'],
  bookings: ["update bookings set kind = 'trial' where id = ?", 'delete from bookings where id = ?'],
  check_ins: ['delete from check_ins where id = ?'],
  attendance_marks: ['delete from attendance_marks where id = ?'],
}

/**
 * Changes a row of the shown replica behind the engine's back, or takes it away: one that nothing unsent has changed. Answers
 * its table; undefined when there was none.
 */
export const spoilRow = (device: SimDevice, chance: Chance): string | undefined => {
  if (!device.store || !device.reader()) return undefined
  const table = chance.pick(Object.keys(rots))
  const db = openEncrypted(device.store.replica.file, { key: device.key, synchronous: 'NORMAL' })
  try {
    const ids = db
      .prepare(`select id from "${table}" where id not in (select row_id from before_images) order by id`)
      .pluck()
      .all()
    if (ids.length === 0) return undefined
    db.prepare(chance.pick(rots[table] ?? [])).run(chance.pick(ids))
    return table
  } finally {
    db.close()
  }
}
