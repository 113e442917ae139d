import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { watchConnection } from '../../../src-renderer/app/connection.ts'
import { createLiveReads } from '../../../src-renderer/app/live-reads.ts'
import { createLiveValue } from '../../../src-renderer/app/live-value.ts'
import type { Bridge } from '../../../src-shared/contract/bridge.ts'
import type { Reply } from '../../../src-shared/errors.ts'
import { defineQuery } from '../../../src-shared/queries/query.ts'

const byDay = defineQuery({
  name: 'sessions.on',
  args: z.strictObject({ day: z.string() }),
  permission: 'classes.read',
  run: () => Promise.resolve('never run here'),
})
const tuesday = { day: 'tuesday' }

/** A bridge whose answers the test gives, in whatever order. */
const openDesk = () => {
  const asked: { readonly input: unknown; readonly answer: (reply: Reply<unknown>) => void }[] = []
  const bridge: Bridge = {
    invoke: (_channel, input) => new Promise((answer) => asked.push({ input, answer })),
    onPush: () => () => undefined,
  }
  const reads = createLiveReads(bridge)
  const answer = async (index: number, result: unknown, tables = ['sessions']): Promise<void> => {
    asked[index]?.answer({ ok: true, value: { result, tables } })
    await Promise.resolve()
    await Promise.resolve()
    await Promise.resolve()
  }
  return { reads, asked, answer, ignore: () => undefined }
}

describe('live reads', () => {
  test('ask once for the same query and arguments', () => {
    const { reads, asked, ignore } = openDesk()

    reads.subscribe(byDay, tuesday, ignore)
    reads.subscribe(byDay, { day: 'tuesday' }, ignore)
    reads.subscribe(byDay, { day: 'wednesday' }, ignore)

    expect(asked.map(({ input }) => input)).toEqual([
      { name: 'sessions.on', args: { day: 'tuesday' } },
      { name: 'sessions.on', args: { day: 'wednesday' } },
    ])
  })

  test('read again when a table that was read has changed, and keep the data meanwhile', async () => {
    const { reads, asked, answer, ignore } = openDesk()
    reads.subscribe(byDay, tuesday, ignore)
    await answer(0, 'old')

    reads.tablesChanged(['payments'])
    expect(asked).toHaveLength(1)
    reads.tablesChanged(['sessions'])

    expect(asked).toHaveLength(2)
    expect(reads.current(byDay, tuesday)).toEqual({ state: 'ready', data: 'old' })
    await answer(1, 'new')
    expect(reads.current(byDay, tuesday)).toEqual({ state: 'ready', data: 'new' })
  })

  test('show nothing old to who left and came back before the new answer', async () => {
    const { reads, answer, ignore } = openDesk()
    const leave = reads.subscribe(byDay, tuesday, ignore)
    await answer(0, 'old')
    reads.tablesChanged(['sessions'])

    leave()
    reads.subscribe(byDay, tuesday, ignore)

    expect(reads.current(byDay, tuesday)).toEqual({ state: 'loading' })
    await answer(1, 'new')
    expect(reads.current(byDay, tuesday)).toEqual({ state: 'ready', data: 'new' })
  })

  test('count a change that comes before the first answer', async () => {
    const { reads, asked, answer, ignore } = openDesk()
    reads.subscribe(byDay, tuesday, ignore)

    reads.tablesChanged(['sessions'])
    await answer(0, 'read before the change')

    expect(asked).toHaveLength(2)
    await answer(1, 'read after it')
    expect(reads.current(byDay, tuesday)).toEqual({ state: 'ready', data: 'read after it' })
  })

  test('do not read again for a change before the answer of a table that was not read', async () => {
    const { reads, asked, answer, ignore } = openDesk()
    reads.subscribe(byDay, tuesday, ignore)

    reads.tablesChanged(['payments'])
    await answer(0, 'enough')

    expect(asked).toHaveLength(1)
  })

  test('never let a late answer overwrite a newer one', async () => {
    const { reads, answer, ignore } = openDesk()
    reads.subscribe(byDay, tuesday, ignore)
    reads.reset()

    await answer(1, 'asked second')
    await answer(0, 'asked first, came last')

    expect(reads.current(byDay, tuesday)).toEqual({ state: 'ready', data: 'asked second' })
  })

  test('show nothing of what was read before somebody else signed in', async () => {
    const { reads, answer, ignore } = openDesk()
    reads.subscribe(byDay, tuesday, ignore)
    const leave = reads.subscribe(byDay, { day: 'wednesday' }, ignore)
    await answer(0, 'secret')
    await answer(1, 'secret too')
    leave()

    reads.reset()

    expect(reads.current(byDay, tuesday)).toEqual({ state: 'loading' })
    expect(reads.current(byDay, { day: 'wednesday' })).toEqual({ state: 'loading' })
  })

  test('forget an answer that nobody looks at when its table changes', async () => {
    const { reads, asked, answer, ignore } = openDesk()
    const leave = reads.subscribe(byDay, tuesday, ignore)
    await answer(0, 'old')
    leave()

    reads.tablesChanged(['sessions'])

    expect(asked).toHaveLength(1)
    expect(reads.current(byDay, tuesday)).toEqual({ state: 'loading' })
  })

  test('read a query that failed again at the next change', async () => {
    const { reads, asked, ignore } = openDesk()
    reads.subscribe(byDay, tuesday, ignore)
    const error = { code: 'not_found', message: '', details: {} } as const
    asked[0]?.answer({ ok: false, error })
    await Promise.resolve()
    await Promise.resolve()
    expect(reads.current(byDay, tuesday)).toEqual({ state: 'failed', error })

    reads.tablesChanged(['anything'])

    expect(asked).toHaveLength(2)
  })
})

describe('a window that has lost the data process', () => {
  const lost = { ok: false, error: { code: 'unavailable', message: '', details: {} } } as const

  test('goes on showing what it has read', async () => {
    const { reads, asked, answer, ignore } = openDesk()
    reads.subscribe(byDay, tuesday, ignore)
    await answer(0, 'read before')

    reads.tablesChanged(['sessions'])
    asked[1]?.answer(lost)
    await Promise.resolve()
    await Promise.resolve()

    expect(reads.current(byDay, tuesday)).toEqual({ state: 'ready', data: 'read before' })
  })

  test('knows that it is alone, and that it is not any more', async () => {
    const replies: Reply<unknown>[] = [lost, { ok: true, value: null }]
    const { bridge, isConnected } = watchConnection({
      invoke: () => Promise.resolve(replies.shift() ?? lost),
      onPush: () => () => undefined,
    })

    await bridge.invoke('app.state', null)
    expect(isConnected.current()).toEqual({ state: 'ready', data: false })
    await bridge.invoke('app.state', null)

    expect(isConnected.current()).toEqual({ state: 'ready', data: true })
  })

  test('does not take a server that is away for a lost data process', async () => {
    const { bridge, isConnected } = watchConnection({
      invoke: () => Promise.resolve(lost),
      onPush: () => () => undefined,
    })

    await bridge.invoke('session.sign_in', {})

    expect(isConnected.current()).toEqual({ state: 'ready', data: true })
  })
})

describe('a live value', () => {
  test('keeps what was pushed before its first answer came', async () => {
    const { promise, resolve } = Promise.withResolvers<Reply<string>>()
    const value = createLiveValue(() => promise)
    const loaded = value.load()

    value.set('pushed')
    resolve({ ok: true, value: 'asked' })
    await loaded

    expect(value.current()).toEqual({ state: 'ready', data: 'pushed' })
  })
})
