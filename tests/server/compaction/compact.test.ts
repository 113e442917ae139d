import { sql } from 'kysely'
import { describe, expect, test } from 'vitest'
import * as build from '../../support/academy.ts'
import { compactedLog } from '../../support/compaction.ts'
import { entriesAfter, headOf, replay, visibleImages } from '../../support/facility-log.ts'
import { logClient } from '../../support/log-client.ts'

const { database, admin, here, before, compact, age, prunedTo, addSpace, change, remove, entriesOf } = compactedLog()

const newClient = (rows = 10_000) =>
  logClient({ db: database().server, log: { facilityId: here(), audience: 'desk' }, limit: { rows, bytes: 1_000_000 } })

const catchUp = async (client: ReturnType<typeof newClient>): Promise<'up-to-date' | 'must-refetch'> => {
  for (;;) {
    const answer = await client.ask()
    if (answer === 'must-refetch') return answer
    if (answer !== 'more') return 'up-to-date'
  }
}

describe('what is superseded', () => {
  test('goes also after something that a clock which was ahead has stamped (T1)', async () => {
    const id = await addSpace()
    await change(id, 2)
    await change(id, 3)
    await age('2 days')
    await sql`
      update sync_log set at = now() + interval '1 year'
      where position = (select min(position) from sync_log where row_id = ${id})`.execute(admin())

    await compact()

    expect((await entriesOf(id)).map(({ row }) => row && row['capacity'])).toEqual([3])
  })

  test('goes a day after the newer image came, whatever age it has itself', async () => {
    const id = await addSpace()
    await age('3 days')
    await change(id, 7)

    const early = await compact()
    const kept = await entriesOf(id)
    await age('25 hours')
    await change(id, 8)
    const late = await compact()

    expect([early.superseded, kept.length]).toEqual([0, 2])
    expect(late.superseded).toBe(1)
    expect((await entriesOf(id)).map(({ row }) => row?.['capacity'])).toEqual([7, 8])
  })

  test('leaves a log that says the same as before', async () => {
    const ids = await Promise.all([addSpace(), addSpace(), addSpace()])
    for (const id of ids) for (const capacity of [2, 3, 4]) await change(id, capacity)
    await age('2 days')

    const { superseded } = await compact({ pieceSize: 3 })

    expect(superseded).toBe(9)
    expect(await prunedTo()).toBe(before())
    expect(replay(await entriesAfter(admin(), here()))).toEqual(await visibleImages(admin(), here()))
  })

  test('is looked for in new entries only', async () => {
    const id = await addSpace()
    await change(id, 2)
    await age('2 days')
    await compact()
    // Older than what was looked at last time, so nobody looks.
    await sql`insert into sync_log select facility_id, audience, position - 1, table_name, row_id, row, at from sync_log
      where row_id = ${id}`.execute(admin())

    expect(await compact()).toMatchObject({ superseded: 0 })
    expect(await entriesOf(id)).toHaveLength(2)
  })

  test('of a row that changes all the time is no more work than of others: a piece ends in its time', async () => {
    const id = await addSpace()
    const changes = 30_000
    await sql`insert into sync_log select facility_id, audience, position + number, table_name, row_id, row, at
      from sync_log, generate_series(1, ${sql.lit(changes)}) as number where row_id = ${id}`.execute(admin())
    await sql`update facility_heads set position = position + ${sql.lit(changes)}
      where facility_id = ${here()} and audience = 'desk'`.execute(admin())
    await age('2 days')

    expect(await compact({ pieceSize: changes })).toMatchObject({ superseded: changes })
  })

  test('of a removed and added row is its removal, and nobody has to start afresh for it', async () => {
    const space = build.space({ facility_id: here() })
    await admin().insertInto('spaces').values(space).execute()
    await remove(space.id)
    await admin().insertInto('spaces').values(space).execute()
    await age('90 days')

    await compact()

    expect(await entriesOf(space.id)).toMatchObject([{ row: { id: space.id } }])
    expect(await prunedTo()).toBe(before())
  })
})

describe('a removal', () => {
  test('stays for 60 days, and takes with it everything that is left of its row', async () => {
    const id = await addSpace()
    await change(id, 3)
    await remove(id)
    const position = await headOf(admin(), here())
    await age('59 days')
    await compact()
    const kept = await entriesOf(id)
    await age('2 days')

    const { removals } = await compact()

    expect(kept.map(({ row }) => row)).toEqual([null])
    expect(removals).toBe(1)
    expect(await entriesOf(id)).toEqual([])
    expect(await prunedTo()).toBe(position)
  })

  test('that is gone sends who has not passed it to the start, and nobody else (S12)', async () => {
    const id = await addSpace()
    const [away, present] = [newClient(), newClient()]
    await catchUp(away)
    await remove(id)
    await catchUp(present)
    await age('61 days')
    await compact()

    expect(await catchUp(present)).toBe('up-to-date')
    expect(await catchUp(away)).toBe('must-refetch')
    await catchUp(away)
    expect(away.rows()).toEqual(present.rows())
    expect([...away.rows().keys()].some((key) => key.endsWith(id))).toBe(false)
  })

  test('from before a load that is still going on does not send it back, one from after it does', async () => {
    const [first, second] = [await addSpace(), await addSpace()]
    await remove(first)
    const [early, late] = [newClient(5), newClient(5)]
    await early.ask()
    await age('61 days')
    await compact()
    const isEarlyFine = await early.ask()
    await late.ask()
    await remove(second)
    await age('61 days')
    await compact()

    expect(isEarlyFine).not.toBe('must-refetch')
    expect(await catchUp(late)).toBe('must-refetch')
  })

  test('that is taken out between two statements of a read is not missed by it (S12)', async () => {
    const id = await addSpace()
    const client = newClient()
    await catchUp(client)
    await remove(id)
    await age('61 days')
    let compactions = 0
    const interrupted = database().server.withPlugin({
      transformQuery: ({ node }) => node,
      // The head is read; what follows it is not.
      transformResult: async ({ result }) => {
        const [row] = result.rows
        if (row && 'pruned_to' in row) {
          compactions += 1
          await compact()
        }
        return result
      },
    })
    const place = { facilityId: here(), audience: 'desk' } as const
    const reader = logClient({ db: interrupted, log: place, limit: { rows: 9999, bytes: 1e9 } }, client)

    const answer = await reader.ask()

    expect(compactions).toBe(1)
    expect(await entriesOf(id)).toEqual([])
    expect(answer).not.toBe('must-refetch')
    expect([...reader.rows().keys()].some((key) => key.endsWith(id))).toBe(false)
  })
})
