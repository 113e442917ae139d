import { describe, expect, test } from 'vitest'
import { academy, newId } from '../../support/academy.ts'
import { after, shapeQuestions } from '../../support/shape-questions.ts'

const { server, ask, lastOf, addFamily, headOf } = shapeQuestions()

describe('409 must-refetch (N7)', () => {
  const refetch = async (query: { offset: string; handle: string }) => {
    const answer = await ask(query)
    return { status: answer.status, body: answer.body, handle: answer.headers.get('electric-handle') }
  }

  test.each([
    ['a handle nobody made', async () => ({ offset: '0_0', handle: 'nonsense' })],
    [
      'a handle of another history of the server',
      async () => ({ offset: '0_0', handle: `${academy.facility_id}.desk.${newId()}.abcdefabcdef` }),
    ],
    ['a position beyond the head', async () => ({ ...after(await lastOf()), offset: `${(await headOf()) + 1}_0` })],
    [
      'a position that would be beyond the head for ages',
      async () => ({ ...after(await lastOf()), offset: '999999999999999_0' }),
    ],
  ])('answers %s, with a new handle that works', async (_name, make) => {
    const query = await make()

    const { status, body, handle } = await refetch(query)
    const again = await ask({ offset: '-1', handle: handle ?? '', expired_handle: query.handle })

    expect(status).toBe(409)
    expect(body).toEqual([{ headers: { control: 'must-refetch' } }])
    expect(handle).not.toBe(query.handle)
    expect(again.status).toBe(200)
    expect(again.headers.get('electric-handle')).toBe(handle)
  })

  test('answers who was away longer than removals are kept, but not who is loading or was there (S12)', async () => {
    const early = await ask({ offset: '-1' })
    const seen = await lastOf()
    await addFamily('Later')
    const loading = await ask({ offset: '-1' })
    const pruned = await headOf()
    await server().sql(`update facility_heads set pruned_to = $1 where facility_id = $2 and audience = 'desk'`, [
      pruned,
      academy.facility_id,
    ])

    const tooOld = await ask(after(seen))
    const tooOldLoad = await ask(after(early))
    const stillLoading = await ask({ ...after(loading), offset: `1_${pruned}` })
    const current = await ask({ ...after(seen), offset: `${pruned}_0` })
    await server().sql('update facility_heads set pruned_to = 0')

    expect([tooOld.status, tooOldLoad.status, stillLoading.status, current.status]).toEqual([409, 409, 200, 200])
  })

  test('never answers with the handle that the client saw expire (N8)', async () => {
    const { handle } = after(await lastOf())

    const answer = await ask({ offset: '-1', handle, expired_handle: handle })

    expect(answer.headers.get('electric-handle')).not.toBe(handle)
  })

  test('a new epoch (a restored backup) sends everybody to the start (S4, S5)', async () => {
    const seen = after(await lastOf())
    await server().sql(`select sync.renew_epoch(epoch, 'restored') from server_epoch`)

    const [catchUp, live] = [await ask(seen), await ask({ ...seen, live: 'true' })]

    expect([catchUp.status, live.status]).toEqual([409, 409])
  })
})
