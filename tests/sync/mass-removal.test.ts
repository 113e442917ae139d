import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { enrollDesk, openDesk, type TestDesk } from '../support/desk.ts'
import { startSyncServer, type TestServer } from '../support/sync-server.ts'
import { until } from '../support/until.ts'

let server: TestServer
let desk: TestDesk

beforeEach(async () => {
  server = await startSyncServer()
  await server.sql(`insert into payment_methods
    select (jsonb_populate_record(null::payment_methods, to_jsonb(method) ||
      jsonb_build_object('id', gen_random_uuid(), 'name', 'Method ' || n))).*
    from (select * from payment_methods limit 1) as method, generate_series(1, 200) as n`)
  desk = await enrollDesk(server)
})
afterEach(async () => {
  await desk.remove()
  await server.close()
})

const removeMany = () => server.sql("delete from payment_methods where name like 'Method %'")
const isHeld = async () => (await desk.data.status()).held !== null
const methods = () => desk.rows('payment_methods').length

describe('rows that vanish on the server in masses (S11)', () => {
  test('stay at the desk until a manager accepts it, and work goes on meanwhile', async () => {
    await removeMany()
    await until(isHeld)
    const before = methods()
    const { children, session } = server.counter
    await desk.command('check_in.record', {
      entries: children.map(({ id }) => ({ student_id: id, session_id: session.id })),
    })
    await until(async () => (await server.sql('select from check_ins')).length === children.length)

    await desk.call('sync.accept_removal')

    await until(async () => (await desk.data.status()).waiting === 0)
    expect([before, methods()]).toEqual([before, before - 200])
  })

  test('are asked for again after a restart', async () => {
    await removeMany()
    await until(isHeld)
    await desk.stop()

    desk = openDesk({ folder: desk.folder })
    await desk.signIn()

    await until(isHeld)
    expect(methods()).toBeGreaterThan(200)
  })

  test('are forgotten when their replica is given up: a word that comes late changes nothing, and the new one is asked about', async () => {
    await desk.stop()
    const gate = Promise.withResolvers<void>()
    let isRenewing = false
    const line: typeof fetch = async (input, init) => {
      const url = input instanceof Request ? input.url : String(input)
      isRenewing ||= url.includes('offset=-1')
      if (isRenewing && url.includes('/v1/shape')) await gate.promise
      return fetch(input, init)
    }
    desk = openDesk({ folder: desk.folder, fetch: line })
    await desk.signIn()
    await removeMany()
    await until(isHeld)
    const { replica } = desk.data.signedIn().store

    replica.explained(Object.assign(new Error('database disk image is malformed'), { code: 'SQLITE_CORRUPT' }))
    await until(() => isRenewing)
    await desk.call('sync.accept_removal')
    gate.resolve()

    await until(isHeld)
    const before = methods()
    expect(desk.data.signedIn().store.replica).toBe(replica)
    await desk.call('sync.accept_removal')
    await until(() => desk.data.signedIn().store.replica !== replica)
    await server.sql(`update payment_methods set name = 'Cash desk' where kind = 'cash'`)
    await until(() => desk.rows('payment_methods').some(({ name }) => name === 'Cash desk'))
    expect([before > 200, await isHeld()]).toEqual([true, false])
  })

  test('are not taken away by a new replica either', async () => {
    await desk.stop()
    await removeMany()
    await server.sql(`select sync.renew_epoch(epoch, 'restored') from server_epoch`)

    desk = openDesk({ folder: desk.folder })
    await desk.signIn()

    await until(isHeld)
    expect(methods()).toBeGreaterThan(200)
  })
})
