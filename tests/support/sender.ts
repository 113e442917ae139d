import { afterEach } from 'vitest'
import { type Sender, startSender } from '../../src-main/data/outbox/send.ts'
import type { MutationEnvelope } from '../../src-shared/contract/http.ts'
import { environmentWith } from './environment.ts'

export const envelope = (seq: number, note = ''): MutationEnvelope => ({
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

export const saved = (...seqs: readonly number[]) => seqs.map((seq) => envelope(seq))

export interface World {
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

/** The sender of a test, with what it has sent and said; it is stopped when the test has ended. */
export const senders = () => {
  let sender: Sender | undefined
  afterEach(() => sender?.stop())

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

  return { start, sender: () => sender }
}
