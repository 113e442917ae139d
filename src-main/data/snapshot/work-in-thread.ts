import { promisify } from 'node:util'
import { isMarkedAsUntransferable, Worker } from 'node:worker_threads'
import { zstdDecompress } from 'node:zlib'
import { type ErrorData, toErrorData, DomainError } from '../../../src-shared/errors.ts'
import { requireHash, unpacking } from './load-parts.ts'
import { DamagedPart, type ReplicaWork } from './replica-work.ts'

const unzstd = promisify(zstdDecompress)

/** The pool that Node has for such work does it, while the thread is at the part before. */
const unpack: ReplicaWork['unpack'] = async (facts, packed) => {
  requireHash(facts, packed)
  return unzstd(packed, unpacking(facts))
}

type Task = keyof ReplicaWork

/** To the thread. */
export interface WorkOrder {
  readonly id: number
  readonly task: Task
  readonly args: readonly unknown[]
}

/** From the thread. */
export interface WorkAnswer {
  readonly id: number
  readonly value?: unknown
  readonly error?: ErrorData
  /** Of a DamagedPart. */
  readonly damage?: string
}

interface Waiting {
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
}

/** Without work the thread ends after so long: it holds memory that is rarely needed. */
const idleMs = 10_000

/** The work in a thread of its own, which is started when there is some. `file` is the entry `work-main.ts`, as built. */
export const workInThread = (file: string): ReplicaWork => {
  const waiting = new Map<number, Waiting>()
  let worker: Worker | undefined
  let idle: NodeJS.Timeout | undefined
  let last = 0

  const end = (error: unknown): void => {
    worker = undefined
    for (const { reject } of waiting.values()) reject(error)
    waiting.clear()
  }
  const start = (): Worker => {
    const started = new Worker(file)
    started.on('message', (answer: WorkAnswer) => settle(answer))
    started.on('error', (error) => {
      if (worker === started) end(error)
    })
    started.on('exit', () => {
      if (worker === started) end(new Error('The thread that works on replicas has ended'))
    })
    return started
  }
  const settle = ({ id, value, error, damage }: WorkAnswer): void => {
    const order = waiting.get(id)
    waiting.delete(id)
    if (waiting.size === 0) rest()
    if (damage !== undefined) order?.reject(new DamagedPart(damage))
    else if (error) order?.reject(new DomainError(error.code, error.message, error.details))
    else order?.resolve(value)
  }
  const rest = (): void => {
    worker?.unref()
    idle = setTimeout(() => {
      const resting = worker
      worker = undefined
      void resting?.terminate()
    }, idleMs).unref()
  }
  const ask = async <T>(task: Task, args: readonly unknown[], moved: readonly ArrayBuffer[] = []): Promise<T> => {
    clearTimeout(idle)
    worker ??= start()
    worker.ref()
    last += 1
    const id = last
    const answer = new Promise<unknown>((resolve, reject) => waiting.set(id, { resolve, reject }))
    worker.postMessage({ id, task, args } satisfies WorkOrder, moved)
    // The thread runs the function of that name.
    return (await answer) as T
  }
  return {
    progressOf: async (target) => ask('progressOf', [target]),
    forget: async (target) => ask('forget', [target]),
    begin: async (target, manifest) => ask('begin', [target, manifest]),
    unpack,
    addPart: async (target, number, raw) => ask('addPart', [target, number, raw], movable(raw)),
    finish: async (target) => ask('finish', [target]),
    makeIndexes: async (target) => ask('makeIndexes', [target]),
    countRows: async (target) => ask('countRows', [target]),
  }
}

/** A part's bytes are not copied to the thread. Node keeps what shares memory with something else. */
const movable = ({ buffer }: Uint8Array): readonly ArrayBuffer[] =>
  buffer instanceof ArrayBuffer && !isMarkedAsUntransferable(buffer) ? [buffer] : []

export const toWorkAnswer = (id: number, error: unknown): WorkAnswer =>
  error instanceof DamagedPart ? { id, damage: error.message } : { id, error: toErrorData(error) }
