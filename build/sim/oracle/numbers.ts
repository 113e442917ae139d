import type { Sql } from '../database.ts'
import type { SimDevice } from '../device.ts'
import { isWorking } from './end-parts.ts'
import type { Journal } from './journal.ts'
import type { Verdict } from './verdict.ts'

interface NumberParts {
  readonly sql: Sql
  readonly devices: readonly SimDevice[]
  readonly journal: Journal
  readonly verdict: Verdict
}

interface Used {
  readonly id: string
  readonly name: string
  readonly last_seq: number
  readonly decided: number
  readonly numbers: readonly number[]
}

/**
 * I2, FAULTS D15: every number up to a device's progress was given to one mutation, whoever else came with it. The others are
 * kept as refused for that, and count for nothing here. Of equal computers one may be gone with what a restored server has
 * lost: then nobody who is left has anything under a number that is free.
 */
export const numbersUsedOnce = async ({ sql, devices, journal, verdict }: NumberParts): Promise<void> => {
  const rows = await sql<Used>(`
    select device.id, device.name, progress.last_seq::int, count(m.id)::int as decided,
      coalesce(array_agg(distinct m.device_seq) filter (where m.id is not null), '{}') as numbers
    from device_progress progress
    join devices device on device.id = progress.id
    left join mutations m on m.device_id = progress.id and m.device_seq between 1 and progress.last_seq
      and coalesce(m.code, '') not in ('sequence_gap', 'mutation_changed')
    group by device.id, device.name, progress.last_seq`)
  for (const { id, name, last_seq, decided, numbers } of rows) {
    verdict.check(
      'I2',
      decided === numbers.length,
      () => `${name}: ${decided} mutations have ${numbers.length} numbers`,
    )
    const computers = devices.filter(({ enrolled }) => enrolled.id === id)
    const used = new Set(numbers)
    const left = computers.filter(isWorking)
    const mustBeUsed = computers.some(journal.sharesNumbers)
      ? left.flatMap((device) => journal.of(device).map(({ envelope }) => envelope.seq))
      : Array.from({ length: last_seq }, (_, index) => index + 1)
    const free = mustBeUsed.filter((seq) => seq <= last_seq && !used.has(seq))
    verdict.check('I2', free.length === 0, () => `${name}: ${free.length} numbers are free, such as ${free[0]}`)
  }
}
