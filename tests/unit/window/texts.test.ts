import { describe, expect, test } from 'vitest'
import { commandText } from '../../../src-renderer/texts/commands.ts'
import { errorText } from '../../../src-renderer/texts/errors.ts'
import { whyText } from '../../../src-renderer/texts/inbox.ts'
import { momentText } from '../../../src-renderer/texts/when.ts'
import { idsIn } from '../../../src-shared/ids.ts'
import { errorCodes, type ErrorDetails } from '../../../src-shared/errors.ts'
import { commands } from '../../../src-shared/commands/index.ts'

const [mia, leo, session, family, method, payment] = Array.from({ length: 6 }, () => crypto.randomUUID()) as [
  string,
  string,
  string,
  string,
  string,
  string,
]
const wording = {
  names: {
    [mia]: 'Mia Berg',
    [leo]: 'Leo Berg',
    [session]: 'Dolphins 2 16:30',
    [family]: 'Nguyen',
    [payment]: 'WER2-000124',
  },
  currency: 'AUD',
  locale: 'en-AU',
}
const mark = (student_id: string, code: string) => ({ student_id, code, note: null })

const said: Readonly<Record<string, readonly [args: unknown, text: string]>> = {
  'check_in.record': [
    { entries: [mia, leo].map((student_id) => ({ student_id, session_id: session })) },
    'Check-in of Mia Berg, Leo Berg',
  ],
  'check_in.undo': [{ check_in_ids: [mia] }, 'Check-in taken back: Mia Berg'],
  'check_out.record': [
    { entries: [{ student_id: mia, session_id: session }], guardian_id: null },
    'Check-out of Mia Berg',
  ],
  'attendance.mark': [
    { session_id: session, marks: [mark(mia, 'late'), mark(leo, 'late')] },
    'Late: Mia Berg, Leo Berg (Dolphins 2 16:30)',
  ],
  'attendance.walk_in': [{ session_id: session, student_id: mia }, 'Walk-in of Mia Berg in Dolphins 2 16:30'],
  'roll.close': [{ session_id: session }, 'Roll of Dolphins 2 16:30 closed'],
  'payment.take': [
    { family_id: family, method_id: method, amount: 6400, tendered: null, reference: null, allocations: [] },
    'Payment of $64.00 from Nguyen',
  ],
  'payment.void': [{ payment_id: payment, reason: 'Wrong family' }, 'Receipt WER2-000124 voided: Wrong family'],
  'inbox.accept': [{ outcome_id: mia, also: [], note: null }, 'A change that needed somebody: accepted'],
  'inbox.drop': [
    { outcome_id: mia, also: [], note: 'Stayed at home' },
    'A change that needed somebody: dropped, “Stayed at home”',
  ],
  'inbox.redo': [
    {
      outcome_id: mia,
      also: [],
      note: null,
      command: 'attendance.walk_in',
      version: 1,
      args: { session_id: session, student_id: mia },
    },
    'Done again: Walk-in of Mia Berg in Dolphins 2 16:30',
  ],
  'work.lost': [{ last_saved_at: null }, 'Work of this computer that is gone'],
}

describe('the words of a command', () => {
  test.each(commands.map((command) => command.name))('are there for %s', (name) => {
    const [args, text] = said[name] ?? [{}, 'no example']

    expect(commandText(name, args, wording).text).toBe(text)
  })

  test('name the command when its arguments are not the ones of this version', () => {
    expect(commandText('payment.take', { amount: 'much' }, wording).text).toBe('A change called payment.take')
  })

  test('lead to where a payment or a mark can be put right', () => {
    expect(commandText('payment.take', said['payment.take']?.[0], wording).remedy).toEqual({
      kind: 'family',
      familyId: family,
    })
    expect(commandText('attendance.mark', said['attendance.mark']?.[0], wording).remedy).toEqual({
      kind: 'roll',
      sessionId: session,
    })
  })

  test('find every id in arguments, however deep', () => {
    expect(idsIn({ a: mia, b: [{ c: leo }], d: 'Leo', e: 3, f: null })).toEqual([mia, leo])
  })
})

describe('the text of an error', () => {
  test.each(errorCodes)('is a sentence for %s without its code', (code) => {
    const text = errorText({ code, details: {} })

    expect(text).toMatch(/^[A-Z].*[.!?]$/)
    expect(text).not.toContain(code.includes('_') ? code : 'undefined')
  })

  test('says how long to wait and how many are missing', () => {
    expect(errorText({ code: 'too_many_attempts', details: { retry_after_seconds: 30 } })).toContain('30 seconds')
    expect(errorText({ code: 'roll_incomplete', details: { missing: 1 } })).toContain('1 child has no mark')
  })
})

describe('why money is kept as credit', () => {
  const why = (details: ErrorDetails) =>
    whyText({ error: { code: 'left_as_credit', message: '', details }, by: 'Ana Berg' })

  test('is that its invoice is paid already only where that is so', () => {
    expect(why({ credit: 6400 })).toMatch('paid already')
    expect(why({ credit: 6400, reason: 'forbidden' })).toBe(
      'The role of Ana Berg does not cover it. The money is kept as credit of the family, for no invoice.',
    )
    expect(why({ credit: 6400, reason: 'receipt_number_taken' })).toMatch(/^Another payment has the number/)
  })
})

test('why a payment was refused names the receipt that was drawn for it', () => {
  const error = { code: 'not_found', message: '', details: { receipt: 'WER2-000124' } } as const

  expect(whyText({ error, by: null })).toMatch(/not there any more\. The receipt WER2-000124 was drawn for it\.$/)
})

describe('a moment', () => {
  const place = { locale: 'en-AU', time_zone: 'Australia/Melbourne' }

  test('is a clock time today, and says the day when it was another one', () => {
    expect(momentText('2026-11-21T03:02:00.000Z', '2026-11-21T05:00:00.000Z', place)).toBe('14:02')
    expect(momentText('2026-11-20T03:02:00.000Z', '2026-11-21T05:00:00.000Z', place)).toMatch(/Fri.*20.*14:02/)
  })
})
