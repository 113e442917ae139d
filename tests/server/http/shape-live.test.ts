import { describe, expect, test } from 'vitest'
import { after, changesOf, shapeQuestions } from '../../support/shape-questions.ts'
import { pause } from '../../support/sync-server.ts'

const { server, ask, lastOf, addFamily } = shapeQuestions()

describe('a live request', () => {
  test('is held until something is committed, and then answered', async () => {
    const seen = after(await lastOf())

    const held = ask({ ...seen, live: 'true' })
    await pause(100)
    const id = await addFamily('Live')
    const answer = await held

    expect(changesOf(answer).map(({ value }) => value?.row_id)).toContain(id)
    expect(answer.headers.get('electric-cursor')).toMatch(/^\d+$/)
    expect(answer.headers.has('electric-schema')).toBe(false)
    expect(answer.headers.has('electric-up-to-date')).toBe(true)
  })

  test('that is behind is answered at once', async () => {
    const seen = after(await lastOf())
    const id = await addFamily('Behind')

    const answer = await ask({ ...seen, live: '' })

    expect(changesOf(answer).some(({ value }) => value?.row_id === id)).toBe(true)
  })

  test('ends with up-to-date when nothing happens', async () => {
    const seen = await lastOf()

    const answer = await ask({ ...after(seen), live: 'true' })

    expect(answer.body).toMatchObject([{ headers: { control: 'up-to-date' } }])
    expect(answer.headers.get('electric-offset')).toBe(seen.headers.get('electric-offset'))
  })

  test('gets a cursor that grows, whatever cursor it brought', async () => {
    const seen = after(await lastOf())

    const first = (await ask({ ...seen, live: 'true', cursor: 'junk' })).headers.get('electric-cursor')
    const second = (await ask({ ...seen, live: 'true', cursor: '900000000000' })).headers.get('electric-cursor')

    expect(Number(first)).toBeGreaterThan(0)
    expect(Number(second)).toBeGreaterThan(900_000_000_000)
  })

  test('is not woken by another facility, and 200 of them are woken together', async () => {
    const devices = await Promise.all(Array.from({ length: 25 }, async () => server().enroll()))
    const seen = after(await lastOf())
    const held = Array.from({ length: 200 }, async (_, n) => ask({ ...seen, live: 'true' }, devices[n % 25]))
    await pause(300)
    const id = await addFamily('For all')

    const answers = await Promise.all(held)

    expect(answers.every((answer) => changesOf(answer).some(({ value }) => value?.row_id === id))).toBe(true)
  })

  test('of a device that is revoked meanwhile gets nothing of what woke it', async () => {
    const other = await server().enroll()
    const seen = after(await lastOf(other))
    const held = ask({ ...seen, live: 'true' }, other)
    await pause(100)

    // Its own row is in the log too, so this wakes it.
    await server().sql('update devices set revoked_at = now() where id = $1', [other.enrolled.device_id])

    expect(await held).toMatchObject({ status: 403, body: { code: 'device_revoked' } })
  })

  test('is answered when the listening connection breaks and comes back', async () => {
    const seen = after(await lastOf())
    await server().sql(
      `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'foyer-listen' and datname = current_database()`,
    )
    const id = await addFamily('While nobody listened')

    const answer = await ask({ ...seen, live: 'true' })
    await pause(1000)
    const held = ask({ ...after(answer), live: 'true' })
    await pause(50)
    const next = await addFamily('Listening again')

    expect(changesOf(answer).some(({ value }) => value?.row_id === id)).toBe(true)
    expect(changesOf(await held).some(({ value }) => value?.row_id === next)).toBe(true)
  })
})
