import type { Sql } from '../database.ts'
import type { Verdict } from './verdict.ts'

interface Used {
  readonly name: string
  readonly last_seq: number
  readonly decided: number
  readonly different: number
}

/**
 * I2, FAULTS D15: every number up to a device's progress was given to one mutation, whoever else came with it. The others are
 * kept as refused for that, and count for nothing here.
 */
export const numbersUsedOnce = async ({ sql, verdict }: { readonly sql: Sql; readonly verdict: Verdict }) => {
  const rows = await sql<Used>(`
    select device.name, progress.last_seq::int, count(m.id)::int as decided, count(distinct m.device_seq)::int as different
    from device_progress progress
    join devices device on device.id = progress.id
    left join mutations m on m.device_id = progress.id and m.device_seq between 1 and progress.last_seq
      and coalesce(m.code, '') not in ('sequence_gap', 'mutation_changed')
    group by device.name, progress.last_seq`)
  for (const { name, last_seq, decided, different } of rows) {
    const isOnce = decided === last_seq && different === last_seq
    verdict.check('I2', isOnce, () => `${name}: ${decided} mutations have ${different} of ${last_seq} numbers`)
  }
}
