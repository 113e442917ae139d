import { describe, expect, test } from 'vitest'
import type { DigestsResponse } from '../../src-shared/contract/health.ts'
import { DomainError } from '../../src-shared/errors.ts'
import { counterStore } from '../support/counter-store.ts'
import { equal, healthWith } from '../support/health.ts'
import { until } from '../support/until.ts'

const { store } = counterStore()

const different: DigestsResponse = { state: 'compared', different: [{ table: 'students', rows: 3 }], unknown: [] }

describe('what cannot be put right row by row', () => {
  test('is fetched again as a whole, and when that does not help people are told (SPEC H6)', async () => {
    const { next, health, renewals, faults, idle, asked } = healthWith(store(), [different, different, different])
    next()
    await until(() => renewals.length === 1)
    expect(health.status.activity).toBe('renewing')

    health.renewed()
    await idle()

    expect(asked.map((body) => (body as { reason: string }).reason)).toEqual(['rest', 'mended', 'renewed'])
    expect(health.status).toMatchObject({ different: ['students'], mended: [{ everything: true }] })
    expect(String(faults[0])).toContain('students')
    expect(Math.round(next())).toBe(3600)
  })

  test('and is compared again also when a full disk does not take the note of it (D4, SPEC H9)', async () => {
    const { next, health, renewals, idle, asked } = healthWith(store(), [different, different, equal])
    next()
    await until(() => renewals.length === 1)
    Object.assign(store().desk, {
      saveSetting: () => {
        throw new DomainError('disk_full', 'full')
      },
    })

    health.renewed()
    await until(() => asked.length === 3)
    await idle()

    expect(health.status).toMatchObject({ different: [], mended: [{ everything: true }], problem: null })
  })

  test('such as a page that is found damaged while rows are put right (D7, SPEC H6, SPEC H9)', async () => {
    const { next, health, renewals, idle, asked } = healthWith(store(), [different, equal])
    Object.assign(store(), {
      mend: () => Promise.reject(new DomainError('database_unreadable', 'A part of the data is damaged.')),
    })
    next()
    await until(() => renewals.length === 1)

    health.renewed()
    await idle()

    expect(asked).toHaveLength(2)
    expect(health.status).toMatchObject({ different: [], mended: [{ everything: true }] })
  })

  test('such as a page that cannot be read (D7)', async () => {
    const { next, renewals, asked } = healthWith(store(), [])
    const damaged = Object.assign(new Error('database disk image is malformed'), { code: 'SQLITE_CORRUPT' })
    Object.assign(store().replica, {
      openApart: () => {
        throw damaged
      },
    })

    next()
    await until(() => renewals.length === 1)

    expect(asked).toEqual([])
  })
})
