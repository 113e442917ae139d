import path from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { v7 } from 'uuid'
import { waitingCount } from '../../src-main/data/desk/waiting.ts'
import { type Sender, startSender } from '../../src-main/data/outbox/send.ts'
import { Store } from '../../src-main/data/store.ts'
import { findCommand } from '../../src-shared/commands/index.ts'
import { maxBatch, maxBatchBytes, type MutationEnvelope } from '../../src-shared/contract/http.ts'
import { rowIdsOf, toMutationId } from '../../src-shared/ids.ts'
import { academy } from '../support/academy.ts'
import { counterRows, entriesOf } from '../support/counter-rows.ts'
import { environmentWith } from '../support/environment.ts'
import { actorOf, openCounterStore, removeFolder, storeParts, temporaryFolder } from '../support/store.ts'
import { until } from '../support/until.ts'

const queued = 20_000
/** Of so many at the end of the queue, few fit into a request. */
const large = 1000
const localWrites = 20
/** How many are read at once when they are run again. */
const rerunsPerTurn = 100

let folder: string
let store: Store
let sender: Sender | undefined
/** How many mutations each look into `desk.db` has taken into memory. */
let taken: number[]
/** Turns that others had while the store was opened. */
let turns = 0
const counter = counterRows()

const argsOf = (seq: number) => ({
  entries: Array.from({ length: seq > queued - large ? 20 : 1 }, (_, index) => ({
    student_id: counter.children[(seq + index) % 3]?.id,
    session_id: counter.session.id,
  })),
})

/** Copies the first mutation, as clicks would in weeks. */
const fillOutbox = (first: MutationEnvelope): void => {
  const { key, environment } = storeParts(folder, counter)
  const db = environment.disk.open(path.join(folder, 'desk.db'), { key, synchronous: 'FULL' })
  const insert = db.prepare('insert into mutations (seq, id, envelope, at) values (?, ?, ?, ?)')
  db.transaction(() => {
    for (let seq = 2; seq <= queued; seq += 1) {
      const mutation = { ...first, id: toMutationId(v7()), seq, args: argsOf(seq) }
      insert.run(seq, mutation.id, JSON.stringify(mutation), mutation.at)
    }
    db.prepare("update series set next = ? where kind = 'mutation'").run(queued + 1)
  }).immediate()
  db.close()
}

const countTurns = (): (() => void) => {
  let isOver = false
  const turn = (): void => {
    turns += 1
    if (!isOver) setImmediate(turn)
  }
  setImmediate(turn)
  return () => (isOver = true)
}

const checkIn = (seq: number) => store.run(findCommand('check_in.record', 1), argsOf(seq), actorOf(counter))

beforeEach(async () => {
  folder = temporaryFolder()
  store = await openCounterStore(folder, counter)
  const { envelope } = await checkIn(1)
  await store.close()
  fillOutbox(envelope)
  const stopCounting = countTurns()
  store = await Store.open(storeParts(folder, counter))
  stopCounting()
  taken = []
  const { mutationsAfter } = store.desk
  vi.spyOn(store.desk, 'mutationsAfter').mockImplementation((seq, limit) => {
    const mutations = mutationsAfter(seq, limit)
    taken.push(mutations.length)
    return mutations
  })
})
afterEach(async () => {
  sender?.stop()
  await store.close()
  removeFolder(folder)
})

/** What the log says of a batch that the server has applied. */
const decide = async (batch: readonly MutationEnvelope[], position: number): Promise<void> => {
  const ids = batch.flatMap(({ id, args }) => {
    const nextId = rowIdsOf(id)
    return (args as ReturnType<typeof argsOf>).entries.map(() => nextId())
  })
  const own = store.replica.readDb
    .prepare('select * from check_ins where id in (select value from json_each(?))')
    .all(JSON.stringify(ids))
  const progress = { id: academy.device_id, facility_id: academy.facility_id, last_seq: batch.at(-1)?.seq ?? 0 }
  const entries = entriesOf({ check_ins: own as never, device_progress: [progress] }, position - own.length - 1)
  await store.apply({ entries, position, handle: 'handle-1', serverTime: undefined })
}

test('a very long queue drains batch by batch, holds no more than one of them, and lets local work in between (D11, U1)', async () => {
  const requests: { readonly seqs: readonly number[]; readonly bytes: number; readonly waiting: number }[] = []
  const events: string[] = []
  const inside = { now: 0, most: 0 }
  let position = 1000

  const answer = async (body: { readonly mutations: readonly MutationEnvelope[] }) => {
    const { mutations } = body
    const number = requests.push({
      seqs: mutations.map(({ seq }) => seq),
      bytes: Buffer.byteLength(JSON.stringify(mutations)),
      waiting: waitingCount(store),
    })
    position += 50_000
    const applied = decide(mutations, position).then(() => events.push(`batch ${number}`))
    if (number <= localWrites) void write(number)
    await applied
    const outcomes = mutations.map(({ id, seq }) => ({ id, seq, outcome: 'applied', error: null }))
    return { outcomes, last_seq: mutations.at(-1)?.seq }
  }
  const write = async (number: number): Promise<void> => {
    await checkIn(number)
    events.push(`write ${number}`)
    sender?.notify('wake')
  }
  sender = startSender({
    desk: store.desk,
    server: {
      async post(_path, body, schema) {
        inside.now += 1
        inside.most = Math.max(inside.most, inside.now)
        // The sender made it.
        const answered = await answer(body as { readonly mutations: readonly MutationEnvelope[] })
        inside.now -= 1
        return schema.parse(answered)
      },
    },
    decided: store,
    environment: environmentWith({ random: () => 0 }),
    onProblem: (error) => expect.fail(error.message),
    onFault: (error) => expect.fail(String(error)),
    replaceHole: async () => undefined,
    onRevoked: () => expect.fail('Nobody is revoked'),
  })
  sender.notify('wake')
  await until(() => waitingCount(store) === 0 && store.desk.lastSeq() === queued + localWrites)

  const seqs = requests.flatMap((request) => request.seqs)
  expect(seqs).toEqual(Array.from({ length: queued + localWrites }, (_, index) => index + 1))
  const sizes = requests.map((request) => request.seqs.length)
  const bytes = requests.map((request) => request.bytes)
  expect(Math.max(...sizes)).toBe(maxBatch)
  expect(Math.max(...bytes)).toBeLessThanOrEqual(maxBatchBytes)
  // The large ones go up in batches that their bytes make smaller.
  expect(requests.filter(({ seqs: [first = 0] }) => first > queued - large).length).toBeGreaterThan(large / maxBatch)
  expect(inside.most).toBe(1)
  expect(Math.max(...taken)).toBe(maxBatch)
  const waiting = requests.map((request) => request.waiting)
  expect(waiting).toEqual(waiting.toSorted((a, b) => b - a))
  for (let number = 1; number <= localWrites; number += 1) {
    expect(events.indexOf(`write ${number}`), `write ${number}`).toBeLessThan(events.indexOf(`batch ${number + 1}`))
  }
  expect(events.filter((event) => event.startsWith('write'))).toHaveLength(localWrites)
})

test('a very long queue is run again in steps that others get in between (D11)', () => {
  expect(waitingCount(store)).toBe(queued)
  expect(turns).toBeGreaterThanOrEqual(queued / rerunsPerTurn)
})
