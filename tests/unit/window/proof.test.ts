import { describe, expect, test } from 'vitest'
import {
  agoText,
  heldText,
  mendedText,
  otherDaysText,
  proofText,
  receivedText,
  sentText,
  skippedText,
} from '../../../src-renderer/texts/proof.ts'
import { rowsText, tablesText } from '../../../src-renderer/texts/tables.ts'
import type { HealthStatus, SyncStatus } from '../../../src-shared/contract/ipc.ts'
import { syncedTables } from '../../../src-shared/schema/tables.ts'

const place = { locale: 'en-AU', time_zone: 'Australia/Melbourne' }
/** 16:05 in Melbourne. */
const now = '2026-11-21T05:05:00.000Z'

const statusWith = (health: Partial<HealthStatus>, over: Partial<SyncStatus> = {}): SyncStatus => ({
  online: true,
  waiting: 0,
  received_up_to: null,
  sent_up_to: null,
  held: null,
  other_days: null,
  problem: null,
  last_problem: null,
  disk: 'fine',
  clock_ahead_seconds: null,
  health: {
    compared_at: null,
    compared_up_to: null,
    different: [],
    skipped: 0,
    mended: [],
    activity: 'none',
    progress: 0,
    problem: null,
    ...health,
  },
  ...over,
})

describe('both directions', () => {
  test('say until when, to the second, on the clock of the facility', () => {
    const status = statusWith(
      {},
      { sent_up_to: '2026-11-21T05:02:11.500Z', received_up_to: '2026-11-20T05:01:58.000Z' },
    )

    expect(sentText(status, now, place)).toBe('Everything until 16:02:11 is on the server.')
    expect(receivedText(status, now, place)).toBe('This computer has everything until Fri, 20 Nov, 16:01:58.')
  })

  test('say so when nothing has gone either way', () => {
    expect(sentText(statusWith({}), now, place)).toBe('Nothing has gone to the server yet.')
    expect(receivedText(statusWith({}), now, place)).toBe('Nothing has come from the server yet.')
  })

  test.each([
    ['2026-11-21T05:04:01.000Z', undefined],
    ['2026-11-21T06:00:00.000Z', undefined],
    ['2026-11-21T05:03:00.000Z', '2 minutes'],
    ['2026-11-21T04:00:00.000Z', '1 hour'],
    ['2026-11-18T04:00:00.000Z', '3 days'],
  ])('say how long ago %s is, when that is worth saying', (at, text) => {
    expect(agoText(at, now)).toBe(text)
  })
})

describe('the proof', () => {
  const compared_at = '2026-11-21T05:02:00.000Z'

  test.each<[Partial<HealthStatus>, Partial<SyncStatus>, string, string]>([
    [{}, {}, 'plain', 'Not compared with the server yet.'],
    [{ compared_at }, {}, 'good', 'Compared at 16:02: this computer has exactly what the server has.'],
    [
      { compared_at, different: ['students', 'payments'] },
      {},
      'danger',
      'At 16:02 not everything here was as on the server: children, payments. It is tried again. Go on working, and tell your administrator.',
    ],
    [{ activity: 'comparing', progress: 0.416 }, {}, 'plain', 'Comparing with the server. Go on working.'],
    [{ activity: 'wanted' }, { waiting: 2 }, 'plain', 'Compares as soon as everything is sent.'],
    [{ activity: 'wanted' }, { waiting: 2, online: false }, 'plain', 'Compares as soon as there is internet.'],
    [{ activity: 'wanted' }, {}, 'plain', 'Compares again in a moment.'],
    [{ activity: 'mending' }, {}, 'plain', 'Putting right what is not as on the server. Go on working.'],
    [{ activity: 'renewing' }, {}, 'plain', 'Fetching everything from the server again. Go on working.'],
  ])('of %j with %j is %s: %s', (health, over, tone, text) => {
    expect(proofText(statusWith(health, over), now, place)).toEqual({ tone, text })
  })

  test('names what was put right as people at the desk call it', () => {
    const tables = [
      { table: 'students', rows: 1 },
      { table: 'payments', rows: 1200 },
      { table: 'of_tomorrow', rows: 2 },
    ]

    expect(mendedText({ at: now, tables, everything: false }, place)).toBe(
      'Put right: 1 child, 1,200 payments, 2 of_tomorrow.',
    )
    expect(mendedText({ at: now, tables: [], everything: true }, place)).toBe('Everything was fetched again.')
  })

  test('says what it could not compare', () => {
    expect(skippedText(statusWith({}).health)).toBeUndefined()
    expect(skippedText(statusWith({ skipped: 1 }).health)).toMatch(/^1 list could not/)
    expect(skippedText(statusWith({ skipped: 3 }).health)).toMatch(/^3 lists could not/)
  })
})

test('every table has words of its own, without a name from the database', () => {
  const names = Object.keys(syncedTables)
  const texts = names.map((table) => `${tablesText([table])} / ${rowsText([{ table, rows: 1 }], 'en-AU')}`)

  expect(new Set(texts).size).toBe(names.length)
  expect(texts.filter((text) => text.includes('_'))).toEqual([])
})

test('a removal that waits for a manager is said where everybody looks', () => {
  expect(heldText(statusWith({}, { held: { removed: 300, rows: 1000 } }))).toContain('a manager must look')
  expect(heldText(statusWith({}))).toBeUndefined()
})

describe('a first sync that has only today yet', () => {
  const told = (other_days: SyncStatus['other_days']) => otherDaysText(statusWith({}, { other_days }), place)

  test('says how much of the other days has come', () => {
    expect(told({ received: 430, total: 1000 })).toBe('Today is here. Other days are still coming: 43%.')
    expect(told({ received: 5, total: null })).toBe('Today is here. Other days are still coming.')
  })

  test('says nothing when all days are here, and never more than all', () => {
    expect(told(null)).toBeUndefined()
    expect(told({ received: 1001, total: 1000 })).toContain('100%')
  })
})
