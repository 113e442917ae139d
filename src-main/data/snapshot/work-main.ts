/** Entry of the thread that works on whole replicas, with connections of its own. */
import { parentPort } from 'node:worker_threads'
import { systemEnvironment } from '../environment.ts'
import { workInPlace } from './work-in-place.ts'
import { toWorkAnswer, type WorkAnswer, type WorkOrder } from './work-in-thread.ts'

const work = workInPlace(systemEnvironment.disk)

const answer = async ({ id, task, args }: WorkOrder): Promise<WorkAnswer> => {
  try {
    // The other side calls it with the arguments of that task.
    const run = work[task] as (...args: readonly unknown[]) => Promise<unknown>
    return { id, value: await run(...args) }
  } catch (error) {
    return toWorkAnswer(id, error)
  }
}

// A thread does one thing after the other: orders wait in the port.
let last: Promise<unknown> = Promise.resolve()
parentPort?.on('message', (order: WorkOrder) => {
  last = last.then(async () => parentPort?.postMessage(await answer(order)))
})
