import { describe, expect, test } from 'vitest'
import { createMetrics } from '../../../sync-server/metrics.ts'
import { addDeviceGauges, createCounters, waitingIn } from '../../../sync-server/counters.ts'
import { watchDevices } from '../../../sync-server/device-watch.ts'

const log = { facilityId: 'werribee', audience: 'desk' } as const

const watchAt = (start = 1_000_000) => {
  let now = start
  const watch = watchDevices(() => now)
  return { watch, pass: (seconds: number) => (now += seconds * 1000) }
}

describe('how far behind a device is', () => {
  test('counts the entries that it has not asked beyond, and the seconds since it lacks the first', () => {
    const { watch, pass } = watchAt()
    watch.asked('one', log, 10)

    pass(5)
    watch.grew('werribee', 'desk', 12)
    pass(3)
    watch.grew('werribee', 'desk', 15)
    pass(2)

    expect([...watch.positionsBehind()]).toEqual([['one', 5]])
    expect([...watch.secondsBehind()]).toEqual([['one', 5]])
  })

  test('is nothing once it has asked for what follows the head', () => {
    const { watch, pass } = watchAt()
    watch.asked('one', log, 10)
    watch.grew('werribee', 'desk', 15)
    pass(2)

    watch.asked('one', log, 15)
    pass(2)

    expect([...watch.positionsBehind()]).toEqual([['one', 0]])
    expect([...watch.secondsBehind()]).toEqual([['one', 0]])
  })

  test('goes on counting while a device catches up piece by piece', () => {
    const { watch, pass } = watchAt()
    watch.grew('werribee', 'desk', 100)
    watch.asked('one', log, 10)
    pass(4)
    watch.asked('one', log, 60)

    expect([...watch.positionsBehind()]).toEqual([['one', 40]])
    expect([...watch.secondsBehind()]).toEqual([['one', 4]])
  })

  test('is about its own log only', () => {
    const { watch } = watchAt()
    watch.asked('one', log, 10)

    watch.grew('geelong', 'desk', 99)
    watch.grew('werribee', 'office', 99)

    expect([...watch.positionsBehind()]).toEqual([['one', 0]])
  })
})

describe('the devices of a server', () => {
  test('are forgotten when they are silent', () => {
    const { watch, pass } = watchAt()
    watch.asked('one', log, 1)
    pass(100)
    watch.waits('two', 3)
    pass(100)

    expect(watch.count()).toBe(1)
    expect([...watch.waiting()]).toEqual([['two', 3]])
    expect([...watch.positionsBehind()]).toEqual([])
  })

  test('are never more than a thousand, those that were heard of last', () => {
    const { watch } = watchAt()

    for (let n = 0; n < 1500; n += 1) watch.waits(`device-${n}`, n)
    watch.waits('device-600', 7)
    for (let n = 1500; n < 1600; n += 1) watch.waits(`device-${n}`, n)

    expect(watch.count()).toBe(1000)
    expect(new Map(watch.waiting()).get('device-600')).toBe(7)
    expect(new Map(watch.waiting()).has('device-601')).toBe(true)
    expect(new Map(watch.waiting()).has('device-599')).toBe(false)
  })
})

test.each([
  ['0', 0],
  ['12', 12],
  ['-1', undefined],
  ['1e9', undefined],
  ['99999999999', undefined],
  ['<script>', undefined],
  [undefined, undefined],
])('what a device says of its queue is taken if it is a number: %s', (header, waiting) => {
  expect(waitingIn(header)).toBe(waiting)
})

describe('the metrics', () => {
  test('are what Prometheus reads, with the labels that were counted and no others', async () => {
    const metrics = createMetrics()
    const { watch } = watchAt()
    const counters = createCounters(metrics)
    addDeviceGauges(metrics, watch)
    watch.waits('one', 3)

    counters.refusals.add('constraint')
    counters.refusals.add('constraint')
    const text = await metrics.text()

    expect(text).toContain('# TYPE foyer_refusals_total counter\nfoyer_refusals_total{code="constraint"} 2\n')
    expect(text).toContain('foyer_device_waiting{device="one"} 3\n')
    expect(text).not.toContain('foyer_device_behind_seconds{')
  })

  test('say nothing more of a device that has gone', async () => {
    const metrics = createMetrics()
    const { watch, pass } = watchAt()
    addDeviceGauges(metrics, watch)
    watch.waits('one', 3)
    await metrics.text()

    pass(1000)

    expect(await metrics.text()).not.toContain('device="one"')
  })

  test('of two servers in one process do not mix', async () => {
    const [one, two] = [createMetrics(), createMetrics()]
    createCounters(one).mutations.add('applied')
    createCounters(two)

    expect(await two.text()).not.toContain('outcome="applied"')
  })
})
