import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { type Sender, startSender } from '../../../src-main/data/outbox/send.ts'
import { Outage } from '../../../src-main/data/sync/server.ts'
import { followsHeader, type MutationEnvelope } from '../../../src-shared/contract/http.ts'
import { DomainError } from '../../../src-shared/errors.ts'
import { environmentWith } from '../../support/environment.ts'
import { until } from '../../support/until.ts'

let sender: Sender | undefined
afterEach(() => sender?.stop())

const envelope = (seq: number, note = ''): MutationEnvelope => ({
  id: `01990000-0000-7000-8000-${seq.toString().padStart(9, '0')}000`,
  seq,
  command: 'check_in.record',
  version: 1,
  args: { note },
  staff_id: '01990000-0000-7000-8000-000000000001',
  lease_id: '01990000-0000-7000-8000-000000000002',
  at: '2026-11-21T05:12:00.000Z',
  hlc: '019000000000-0000-00000001',
  series_number: null,
})

interface World {
  /** What `desk.db` has. */
  readonly saved: readonly MutationEnvelope[]
  /** What the log has brought. */
  progress: number
  /** What `desk.db` keeps of what was answered. */
  answered?: string
  /** The server's history that the log is of. */
  readonly epoch?: string
  /** Throws what the server says, or answers. */
  readonly answer: (seqs: readonly number[], headers: Readonly<Record<string, string>>) => void
  /** What is said of so many mutations in place of one outcome each. */
  readonly say?: (outcomes: readonly object[]) => readonly object[]
}

const start = (world: World) => {
  const sent: number[][] = []
  const problems: string[] = []
  const faults: unknown[] = []
  let revocations = 0
  sender = startSender({
    desk: {
      mutationsAfter: (seq, limit) => world.saved.filter((each) => each.seq > seq).slice(0, limit),
      hasSkipped: () => false,
      setting: () => world.answered,
      saveSetting: (_key, value) => void (world.answered = value),
    },
    server: {
      async post(_path, body, answer, headers = {}) {
        const { mutations } = body as { mutations: readonly MutationEnvelope[] }
        const seqs = mutations.map(({ seq }) => seq)
        sent.push(seqs)
        world.answer(seqs, headers)
        const outcomes = mutations.map(({ id, seq }) => ({ id, seq, outcome: 'applied', error: null }))
        const said = world.say?.(outcomes) ?? outcomes
        return answer.parse({ outcomes: said, last_seq: Math.max(world.progress, ...seqs) })
      },
    },
    decided: { progress: world.progress, epoch: world.epoch },
    environment: environmentWith({ random: () => 0 }),
    onProblem: ({ code }) => problems.push(code),
    onFault: (fault) => faults.push(fault),
    replaceHole: async () => undefined,
    onRevoked: () => void (revocations += 1),
  })
  sender.notify('wake')
  return { sent, problems, faults, revocations: () => revocations }
}

const gap = (expected: number): DomainError => new DomainError('sequence_gap', 'gap', { expected })
const saved = (...seqs: readonly number[]) => seqs.map((seq) => envelope(seq))

test('an answer that comes when another one has taken over is not kept: that one may have begun further back (SPEC H5)', async () => {
  const world: World = { saved: saved(1, 2), progress: 0, answer: () => sender?.stop() }

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
  expect(sender?.doneUpTo()).toBeUndefined()
})

test('a refusal because the device is revoked is told (U7)', async () => {
  const error = { code: 'device_revoked', message: 'Revoked', details: {} }
  const say = (outcomes: readonly object[]) => outcomes.map((each) => ({ ...each, outcome: 'refused', error }))

  const { revocations } = start({ saved: saved(1), progress: 0, answer: () => undefined, say })
  await until(() => sender?.doneUpTo() === 1)

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
    sender?.notify('contact')

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

    sender?.notify('wake')
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
