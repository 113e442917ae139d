import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { Outage } from '../../../src-main/data/sync/server.ts'
import { followsHeader } from '../../../src-shared/contract/http.ts'
import { DomainError } from '../../../src-shared/errors.ts'
import { envelope, saved, senders, type World } from '../../support/sender.ts'
import { until } from '../../support/until.ts'

const { start, sender } = senders()

const gap = (expected: number): DomainError => new DomainError('sequence_gap', 'gap', { expected })

test('an answer that comes when another one has taken over is not kept: that one may have begun further back (SPEC H5)', async () => {
  const world: World = { saved: saved(1, 2), progress: 0, answer: () => sender()?.stop() }

  const { sent } = start(world)
  await until(() => sent.length === 1)
  await delay(10)

  expect(world.answered).toBe('0 ')
})

test.each([
  ['nothing', () => []],
  ['less', (outcomes: readonly object[]) => outcomes.slice(1)],
  ['something else', (outcomes: readonly object[]) => outcomes.map((each) => ({ ...each, id: envelope(9).id }))],
])('an answer that says %s of what was sent is none: it goes again (U5)', async (_what, say) => {
  const { sent } = start({ saved: saved(1, 2), progress: 0, answer: () => undefined, say })

  await until(() => sent.length === 3)

  expect(sent).toEqual([
    [1, 2],
    [1, 2],
    [1, 2],
  ])
  expect(sender()?.doneUpTo()).toBeUndefined()
})

test('a refusal because the device is revoked is told (U7)', async () => {
  const error = { code: 'device_revoked', message: 'Revoked', details: {} }
  const say = (outcomes: readonly object[]) => outcomes.map((each) => ({ ...each, outcome: 'refused', error }))

  const { revocations } = start({ saved: saved(1), progress: 0, answer: () => undefined, say })
  await until(() => sender()?.doneUpTo() === 1)

  expect(revocations()).toBe(1)
})

describe('what the server says of the sequence (U4)', () => {
  test('is followed, also back behind what the log said before the server was restored', async () => {
    let known = 2
    const answer = (seqs: readonly number[]): void => {
      if ((seqs[0] ?? 0) > known + 1) throw gap(known + 1)
      known = Math.max(known, ...seqs)
    }
    const { sent, problems } = start({ saved: saved(1, 2, 3, 4, 5, 6), progress: 5, answer })

    await until(() => known === 6)

    expect(sent).toEqual([[6], [3, 4, 5, 6]])
    expect(problems).toEqual([])
  })

  test('holds up nothing where nobody has what it lost: what is kept begins behind it', async () => {
    let known = 2
    const answer = (seqs: readonly number[], headers: Readonly<Record<string, string>>): void => {
      const isNext = (seqs[0] ?? 0) <= known + 1 || headers[followsHeader] === String(known)
      if (!isNext) throw gap(known + 1)
      known = Math.max(known, ...seqs)
    }
    const { problems } = start({ saved: saved(5, 6), progress: 0, answer })

    await until(() => known === 6)

    expect(problems).toEqual([])
  })

  test('is shown when what it asks for is not kept any more', async () => {
    const answer = (): void => {
      throw gap(3)
    }
    const { problems } = start({ saved: saved(5, 6), progress: 4, answer })

    await until(() => problems.length > 0)

    expect(problems[0]).toBe('sequence_gap')
  })
})

describe('what is saved while a request is under way (U2)', () => {
  test('goes with the next one, though nothing more is said', async () => {
    const world: World = { saved: saved(1), progress: 0, answer: () => undefined }
    let isMore = false
    const { sent } = start({
      ...world,
      get saved() {
        return isMore ? saved(1, 2) : world.saved
      },
      answer: () => {
        isMore = true
      },
    })

    await until(() => sent.length > 1)

    expect(sent).toEqual([[1], [2]])
  })

  test('is looked for once more when the sender is woken while it looks', async () => {
    const world: World = { saved: [], progress: 0, answer: () => undefined }
    let looks = 0
    const { sent } = start({
      ...world,
      get saved() {
        looks += 1
        return looks === 1 ? world.saved : saved(1)
      },
    })

    sender()?.notify('wake')
    await until(() => sent.length > 0)

    expect(sent).toEqual([[1]])
  })
})

describe('a fault', () => {
  test('of the database of this computer is told, and sending goes on', async () => {
    let reads = 0
    const { sent, faults } = start({
      get saved() {
        reads += 1
        if (reads === 1) throw new Error('disk I/O error')
        return saved(1)
      },
      progress: 0,
      answer: () => undefined,
    })

    await until(() => sent.length > 0)

    expect(faults).toHaveLength(1)
  })

  test('of the server that lasts is tried again for ever', async () => {
    const { sent } = start({
      saved: saved(1),
      progress: 0,
      answer: () => {
        throw new Outage(new Error('HTTP 503'))
      },
    })

    await until(() => sent.length > 2)

    expect(new Set(sent.flat())).toEqual(new Set([1]))
  })
})
