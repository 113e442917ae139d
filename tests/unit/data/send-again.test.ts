import { describe, expect, test } from 'vitest'
import { Outage } from '../../../src-main/data/sync/server.ts'
import { envelope, saved, senders, type World } from '../../support/sender.ts'
import { until } from '../../support/until.ts'

const { start, sender } = senders()

describe('a mutation that was not answered (U5)', () => {
  test('is sent again although the log has passed its number, which may be that of a copy', async () => {
    const world: World = { saved: saved(1, 2), progress: 0, answer: () => undefined }
    const { sent } = start({
      ...world,
      get progress() {
        return world.progress
      },
      answer: () => {
        if (world.progress === 2) return
        world.progress = 2
        throw new Outage(new Error('HTTP 503'))
      },
    })

    await until(() => sent.length > 1)

    expect(sent).toEqual([
      [1, 2],
      [1, 2],
    ])
  })

  test('is sent after a restart too: what was answered is kept', async () => {
    const { sent } = start({
      saved: saved(1, 2, 3),
      progress: 3,
      answered: '1 now',
      epoch: 'now',
      answer: () => undefined,
    })

    await until(() => sent.length > 0)

    expect(sent).toEqual([[2, 3]])
  })

  test('is everything that is kept where the server has begun a new history: it may have lost any of it (U8, S5)', async () => {
    const world = { saved: saved(1, 2, 3), progress: 3, answered: '3 before', answer: () => undefined }
    const { sent } = start({ ...world, epoch: 'after' })

    await until(() => sent.length > 0)

    expect(sent).toEqual([[1, 2, 3]])
  })

  test('is everything behind the log of a server that was restored (U1)', async () => {
    const { sent } = start({
      saved: saved(1, 2, 3),
      progress: 1,
      answered: '3 now',
      epoch: 'now',
      answer: () => undefined,
    })

    await until(() => sent.length > 0)

    expect(sent).toEqual([[2, 3]])
  })

  test('is sent although the log says that its number is decided: the computer was copied (D15)', async () => {
    const world: World = { saved: saved(1, 2), progress: 0, answer: () => undefined }
    const line = { isCut: true }
    const { sent } = start({
      ...world,
      answer: () => {
        if (line.isCut) throw new Outage(new Error('cut'))
      },
      get progress() {
        return world.progress
      },
      get saved() {
        return line.isCut ? saved(1) : world.saved
      },
    })
    await until(() => sent.length === 1)
    world.progress = 2
    line.isCut = false
    sender()?.notify('contact')

    await until(() => sent.length > 1)

    expect(sent.flat()).toContain(2)
  })

  test('is not passed over when the server knows more of the device than a batch holds', async () => {
    const big = Array.from({ length: 4 }, (_, index) => envelope(index + 1, 'x'.repeat(300_000)))
    const world: World = { saved: big, progress: 0, answer: () => undefined }
    const { sent } = start({
      ...world,
      get progress() {
        return world.progress
      },
      answer: () => {
        world.progress = 4
      },
    })

    await until(() => sent.flat().includes(4))

    expect(sent).toEqual([
      [1, 2],
      [3, 4],
    ])
  })
})
