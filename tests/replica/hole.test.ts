import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openDesk } from '../../src-main/data/desk/open.ts'
import { reopeningDesk } from '../../src-main/data/desk/reopening-desk.ts'
import type { Desk } from '../../src-main/data/desk/desk.ts'
import { replaceHole } from '../../src-main/data/desk/lost-work.ts'
import { type SenderParts, startSender } from '../../src-main/data/outbox/send.ts'
import { Store } from '../../src-main/data/store.ts'
import { followsHeader, type MutationEnvelope } from '../../src-shared/contract/http.ts'
import { DomainError } from '../../src-shared/errors.ts'
import { newId } from '../support/academy.ts'
import { counterRows } from '../support/counter-rows.ts'
import { environmentWith } from '../support/environment.ts'
import { checkInAll, openCounterStore, removeFolder, rowsOf, storeParts, temporaryFolder } from '../support/store.ts'
import { until } from '../support/until.ts'

const environment = environmentWith({ random: () => 0 })
let folder: string
let desk: Desk

beforeEach(() => {
  folder = temporaryFolder()
  desk = reopeningDesk(() => openDesk(environment.disk, folder, new Uint8Array(32).fill(7)))
})
afterEach(() => {
  desk.close()
  removeFolder(folder)
})

const envelope = (seq: number): MutationEnvelope => ({
  id: `01990000-0000-7000-8000-${seq.toString().padStart(12, '0')}`,
  seq,
  command: 'check_in.record',
  version: 1,
  args: {},
  staff_id: newId(),
  lease_id: newId(),
  at: '2026-11-21T05:12:00.000Z',
  hlc: '019000000000-0000-00000001',
  series_number: null,
})
const save = (from: number, to: number): void => {
  for (let seq = from; seq <= to; seq += 1) desk.commitMutation(envelope(seq), undefined)
}

/** Sends everything to a server that is at this number, by its rule for numbers; answers what came under which. */
const sendAll = async (at = 45): Promise<ReadonlyMap<number, string>> => {
  const arrived = new Map<number, string>()
  let last = at
  const parts: SenderParts = {
    desk,
    decided: { progress: at, epoch: 'new' },
    environment,
    server: {
      async post(_path, body, answer, headers = {}) {
        const { mutations } = body as { mutations: readonly MutationEnvelope[] }
        for (const { seq, command } of mutations) {
          if (seq > last + 1 && Number(headers[followsHeader]) !== last) {
            throw new DomainError('sequence_gap', 'gap', { expected: last + 1 })
          }
          last = Math.max(last, seq)
          arrived.set(seq, command)
        }
        const outcomes = mutations.map(({ id, seq }) => ({ id, seq, outcome: 'applied', error: null }))
        return answer.parse({ outcomes, last_seq: last })
      },
    },
    replaceHole: async (hole) => {
      const known = { progress: at, appliedSeq: 100, latestHlc: undefined, lastReceipt: 0 }
      replaceHole({ desk, deviceId: newId(), environment }, known, hole)
    },
    onProblem: () => undefined,
    onFault: () => undefined,
    onRevoked: () => undefined,
  }
  const sender = startSender(parts, { isAll: at === 100 })
  sender.notify('wake')
  await until(() => arrived.has(100))
  sender.stop()
  return arrived
}

const lostIn = (arrived: ReadonlyMap<number, string>): number[] =>
  [...arrived].flatMap(([seq, command]) => (command === 'work.lost' ? [seq] : []))

describe('a server that was set back to before a hole goes on behind it', () => {
  test('where a copy of the computer used the numbers, whose progress came in two parts (D15, U10)', async () => {
    save(1, 50)
    desk.skipTo({ mutation: 71, receipt: 1 })
    desk.skipTo({ mutation: 81, receipt: 1 })
    save(81, 100)

    const arrived = await sendAll()

    expect([...arrived.keys()]).toEqual([...range(46, 50), ...range(81, 100)])
  })

  test('where decided work was lost in a rescue: it is said in its place (U9)', async () => {
    save(1, 60)
    save(65, 100)

    const arrived = await sendAll()

    expect(lostIn(arrived)).toEqual(range(61, 64))
    expect(arrived.size).toBe(55)
  })

  test('where numbers were skipped and work was lost beside them (U9, U10)', async () => {
    save(1, 50)
    desk.skipTo({ mutation: 61, receipt: 1 })
    save(65, 100)

    const arrived = await sendAll()

    expect(lostIn(arrived)).toEqual(range(61, 64))
    expect(arrived.size).toBe(45)
  })
})

test("a hole among decided work that all goes once more is nobody's loss: the server has it (U7, H5)", async () => {
  save(1, 60)
  save(65, 100)

  const arrived = await sendAll(100)

  expect([...arrived.keys()]).toEqual([...range(1, 60), ...range(65, 100)])
})

test('what is lost between two writes is said on the replica too, and its effects are gone (U9)', async () => {
  const counter = counterRows()
  const place = temporaryFolder()
  const before = await openCounterStore(place, counter)
  for (let count = 0; count < 3; count += 1) await checkInAll(before, counter)
  await before.close()
  const parts = storeParts(place, counter)
  const raw = environment.disk.open(path.join(place, 'desk.db'), { key: parts.key, synchronous: 'FULL' })
  raw.exec('delete from mutations where seq = 2')
  raw.close()
  const store = await Store.open(parts)

  const tables = await store.replaceHole({ from: 2, to: 2 })

  const commands = store.desk.mutationsAfter(0, 9).map(({ command }) => command)
  expect(commands).toEqual(['check_in.record', 'work.lost', 'check_in.record'])
  expect(rowsOf(store, 'check_ins')).toHaveLength(2 * counter.children.length)
  expect(store.replica.db.prepare('select seq from local_refusals').pluck().all()).toEqual([2])
  expect(tables).toContain('check_ins')
  await store.close()
  removeFolder(place)
})

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, index) => from + index)
