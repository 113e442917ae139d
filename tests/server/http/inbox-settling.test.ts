import { describe, expect, test } from 'vitest'
import { rowIdsOf } from '../../../src-shared/ids.ts'
import { compactLog } from '../../../sync-server/compaction/compact.ts'
import { newId } from '../../support/academy.ts'
import { inboxServer } from '../../support/inbox-server.ts'

const { server, device, other, payment, itemOf, send } = inboxServer()

describe('settling on the server', () => {
  const refused = () => send(device(), 'check_in.record', { entries: [{ session_id: newId(), student_id: newId() }] })
  const settlementOf = async (id: string) => {
    const [row] = await server().sql('select state, staff_id, device_id from inbox_settlements where id = $1', [id])
    return row
  }

  test('by two desks at the same moment: one wins, and one is told (X2)', async () => {
    const item = await refused()
    const drops = await Promise.all(
      [device(), other()].map(async (from) =>
        from.send(await from.mutation('inbox.drop', { outcome_id: item.id, also: [], note: 'No' })),
      ),
    )

    const outcomes = drops.map(({ body }) => body.outcomes[0])
    expect(new Set(outcomes.map((outcome) => outcome?.outcome))).toEqual(new Set(['applied', 'refused']))
    expect(outcomes.find((outcome) => outcome?.outcome === 'refused')?.error).toMatchObject({
      code: 'already_settled',
      details: { state: 'dropped' },
    })
    expect(await settlementOf(item.id)).toMatchObject({ state: 'dropped' })
  })

  test('again, sent twice, has one effect, also in money (N1)', async () => {
    const own = await server().enroll()
    const taken = await send(own, 'payment.take', payment({ family_id: newId() }))
    const again = await own.mutation(
      'inbox.redo',
      { outcome_id: taken.id, also: [], note: null, command: 'payment.take', version: 1, args: payment() },
      { series_number: 77 },
    )

    const first = await own.send(again)
    const second = await own.send(again)

    expect(first.body.outcomes[0]).toMatchObject({ outcome: 'applied' })
    expect(second.body.outcomes).toEqual(first.body.outcomes)
    expect(await server().sql('select number from receipts where payment_id = $1', [rowIdsOf(again.id)()])).toEqual([
      { number: 77 },
    ])
    expect(await settlementOf(taken.id)).toMatchObject({ state: 'redone' })
  })

  test('by doing it again, which is refused, leaves the item open and the money where it is (X3)', async () => {
    const own = await server().enroll()
    const taken = await send(own, 'payment.take', payment({ family_id: newId() }))
    const args = payment({ method_id: newId() })

    const again = await send(own, 'inbox.redo', {
      outcome_id: taken.id,
      also: [],
      note: null,
      command: 'payment.take',
      version: 1,
      args,
    })

    expect(await itemOf(again)).toMatchObject({ outcome: 'refused', caused_by: taken.id })
    expect(await settlementOf(taken.id)).toBeUndefined()
    expect(await server().sql('select from payments where id = $1', [rowIdsOf(again.id)()])).toEqual([])
  })

  test('is nothing that a command can take back or change', async () => {
    for (const table of ['mutation_outcomes', 'inbox_settlements']) {
      for (const privilege of ['update', 'delete', 'truncate']) {
        const rows = await server().sql(`select has_table_privilege('foyer_app', $1, $2) as may`, [table, privilege])
        expect(rows).toEqual([{ may: false }])
      }
    }
  })

  test('is left to people when the log is compacted: every item and settlement is still in it (X1)', async () => {
    const open = await refused()
    const dropped = await refused()
    await send(device(), 'inbox.drop', { outcome_id: dropped.id, also: [], note: 'No' })
    await server().sql("update sync_log set at = at - interval '400 days'")

    await compactLog({ db: server().postgres.db, restMs: 0 })

    const logged = await server().sql(
      `select table_name, row_id, row is not null as is_there from sync_log
       where row_id = any ($1) order by table_name desc, position`,
      [[open.id, dropped.id]],
    )
    expect(logged).toEqual([
      { table_name: 'mutation_outcomes', row_id: open.id, is_there: true },
      { table_name: 'mutation_outcomes', row_id: dropped.id, is_there: true },
      { table_name: 'inbox_settlements', row_id: dropped.id, is_there: true },
    ])
  })
})
