import { describe, expect, test } from 'vitest'
import { commands } from '../../../src-shared/commands/index.ts'
import { work } from '../../../src-shared/commands/work.ts'
import { idsIn, mutationOfRow, rowIdsOf, withRowsOf } from '../../../src-shared/ids.ts'
import { factsOf } from '../../../src-shared/rules/inbox-facts.ts'
import { areShortened, argsToTell } from '../../../src-shared/rules/inbox-args.ts'
import { suggestionFor, suggestionOf } from '../../../src-shared/rules/inbox-suggestions.ts'
import { askedOf, inboxWork, isMoneyUnbooked, redoCommand, workOf } from '../../../src-shared/rules/inbox.ts'
import { inboxItem } from '../../support/inbox-items.ts'

const mutation = '01924e9a-0000-7000-8000-000000000000'
const [row] = [rowIdsOf(mutation)()]

describe('what the inbox knows of commands', () => {
  test('is what they say themselves', () => {
    for (const command of work) {
      expect(inboxWork[command.name]).toMatchObject({
        permission: command.permission,
        holdsMoney: command.salvage !== undefined,
      })
    }
    const others = commands.map(({ name }) => name).filter((name) => name !== redoCommand)
    expect(Object.keys(inboxWork)).toEqual(expect.arrayContaining(others))
  })

  test('takes a command that nobody knows for money, also one that is called like something every object has', () => {
    for (const name of ['', 'locker.rent', 'constructor', '__proto__']) {
      expect(workOf(name)).toMatchObject({ holdsMoney: true, permission: 'payments.void', readers: 'money.read' })
    }
  })
})

describe('an attempt to do something again', () => {
  const attempt = inboxItem({
    command: redoCommand,
    args: { outcome_id: row, also: [], note: null, command: 'payment.take', version: 1, args: { amount: 5 } },
  })

  test('asks for what was to be done again', () => {
    expect(askedOf(attempt)).toEqual({ outcome_id: row, command: 'payment.take', version: 1, args: { amount: 5 } })
  })

  test('holds money of its own only when what was to be done again is gone without being booked', () => {
    const states = ['open', 'redone', 'accepted', 'dropped', 'missing'] as const

    expect(states.filter((state) => isMoneyUnbooked(attempt, state))).toEqual(['accepted', 'dropped', 'missing'])
  })

  test('that cannot be read is what it is: unknown', () => {
    const broken = inboxItem({ command: redoCommand, args: { outcome_id: 5 } })

    expect(askedOf(broken)).toMatchObject({ command: redoCommand, args: { outcome_id: 5 } })
    expect(isMoneyUnbooked(broken, 'missing')).toBe(true)
  })
})

describe('arguments that are too long to tell', () => {
  const long = 'x'.repeat(70_000)

  test('are told without their long parts, and say so; others as they are', () => {
    const short = { entries: [], note: 'x'.repeat(60_000) }

    expect(argsToTell(short)).toBe(JSON.stringify(short))
    expect(JSON.parse(argsToTell({ amount: 5, note: long }))).toEqual({ amount: 5, shortened_from: 70_022 })
    expect([short, 5, null, undefined].some(areShortened)).toBe(false)
    expect(areShortened(JSON.parse(argsToTell({ note: long })))).toBe(true)
  })

  test('also where they are no object, or many members', () => {
    const many = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`key${index}`, 'x'.repeat(900)]))

    expect(JSON.parse(argsToTell([long]))).toEqual({ shortened_from: 70_004 })
    expect(argsToTell(many).length).toBeLessThan(40_000)
  })

  test('of an attempt to do something again leave what that was', () => {
    const payment = { amount: 5, note: long }
    const args = { outcome_id: row, also: [], note: null, command: 'payment.take', version: 1, args: payment }
    const attempt = { ...inboxItem({ command: redoCommand }), args: argsToTell(args) }

    expect(askedOf(attempt)).toMatchObject({ outcome_id: row, command: 'payment.take', args: { amount: 5 } })
    expect(areShortened(askedOf(attempt).args)).toBe(true)
  })
})

describe('a suggestion', () => {
  const refused = { outcome: 'refused', caused_by: null } as const

  test('for refused money is to book it, unless support must look first', () => {
    expect(suggestionFor({ ...refused, command: 'payment.take', code: 'not_found' })).toBe('book_the_money')
    expect(suggestionFor({ ...refused, command: 'payment.take', code: 'sequence_gap' })).toBe('tell_support')
  })

  test('for what follows from something else is to settle that first', () => {
    const follows = { ...refused, command: 'attendance.mark', code: 'not_booked' }

    expect(suggestionFor(follows)).toBe('add_walk_in')
    expect(suggestionFor({ ...follows, caused_by: mutation })).toBe('first_the_other')
  })

  test('that is not known here is to look', () => {
    expect([suggestionOf('nothing_to_do'), suggestionOf('call_the_mayor')]).toEqual(['nothing_to_do', 'look'])
  })
})

test('facts of kinds that this program does not know are left out', () => {
  const known = { kind: 'session', session_id: row, status: 'cancelled' }

  expect(factsOf(JSON.stringify([{ kind: 'weather' }, known, 5, null]))).toEqual([known])
  expect(factsOf('{}')).toEqual([])
})

describe('ids of rows', () => {
  test('say which mutation makes them', () => {
    expect(mutationOfRow(row)).toBe(mutation)
    expect(mutationOfRow('7f1d2a50-1111-4222-8333-444455556666')).toBeUndefined()
  })

  test('are exchanged for those of another mutation, number by number, and nothing else is', () => {
    const again = '01924e9b-0000-7000-8000-00000000a000'

    const changed = withRowsOf({ list: [row, 'text', 5, null], mutation: 'x' }, mutation, again)

    expect(changed).toEqual({ list: [rowIdsOf(again)(), 'text', 5, null], mutation: 'x' })
    expect(idsIn(changed)).toEqual([rowIdsOf(again)()])
  })
})
