import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import { counterSearch } from '../../src-shared/queries/search.ts'
import { childOf, contextWith, family, guardian, student } from '../support/academy.ts'
import { counterReplica, dolphins, now } from '../support/counter-replica.ts'

const { replica, addFamily } = counterReplica()

const search = async (text: string) => {
  const { families } = await counterSearch.run(replica().db, { text, now }, contextWith())
  return families
}
const namesFor = async (text: string) => (await search(text)).map((found) => found.name)

describe('counter.search', () => {
  beforeEach(() => replica().insert('classes', dolphins))

  test('lists siblings under one family', async () => {
    addFamily('Berg', ['Mia', 'Leo', 'Noah'])
    replica().indexSearch()

    const [berg, ...others] = await search('leo')

    expect(others).toEqual([])
    expect(berg?.students.map((child) => child.first_name).toSorted()).toEqual(['Leo', 'Mia', 'Noah'])
  })

  test('finds a family with every word that was typed, in any order', async () => {
    addFamily('Berg', ['Mia'])
    addFamily('Bergmann', ['Leo'])
    replica().indexSearch()

    expect(await namesFor('leo berg')).toEqual(['Bergmann'])
    expect(await namesFor('berg mia')).toEqual(['Berg'])
  })

  test('shows families with a session today first, then by name', async () => {
    addFamily('Berg', ['Mia'])
    addFamily('Bergmann', ['Leo'], '18:00')
    addFamily('Berger', ['Ida'])
    replica().indexSearch()

    expect(await namesFor('ber')).toEqual(['Bergmann', 'Berg', 'Berger'])
  })

  test('shows who is found by name before who is found otherwise, and archived families last', async () => {
    const { home } = addFamily('Zimmer', ['Ada'], '18:00')
    replica().insert('guardians', guardian({ family_id: home.id, first_name: 'Berta', last_name: 'Zimmer' }))
    addFamily('Berg', ['Mia'])
    replica().insert('families', family({ name: 'Bernd', archived_at: now }))
    replica().indexSearch()

    expect(await namesFor('ber')).toEqual(['Berg', 'Zimmer', 'Bernd'])
  })

  test('keeps families that are due today when a letter matches more than it ranks', async () => {
    for (let n = 0; n < 80; n += 1) addFamily(`Sander${n}`, ['Kim'])
    addFamily('Zoll', ['Sia'], '16:30')
    replica().indexSearch()

    const names = await namesFor('s')

    expect(names).toHaveLength(20)
    expect(names[0]).toBe('Zoll')
  })

  test('finds a caller by the whole number, and nobody with other digits before the last four', async () => {
    const { home } = addFamily('Berg', ['Mia'])
    replica().insert('guardians', guardian({ family_id: home.id, phone: '0412 345 678', phone_e164: '+61412345678' }))
    replica().indexSearch()

    expect(await namesFor('0412 345 678')).toEqual(['Berg'])
    expect(await namesFor('5678')).toEqual(['Berg'])
    expect(await namesFor('0499 995 678')).toEqual([])
  })

  test('answers with the text that was asked', async () => {
    const { text } = await counterSearch.run(replica().db, { text: 'ber ', now }, contextWith())

    expect(text).toBe('ber ')
  })

  test('finds every family by its surname, any first name, phone, e-mail and card code', async () => {
    const letters = 'aeioubdklmnrstßøłæéçñ山田太عبدقמגанд'
    const name = fc.stringMatching(new RegExp(`^[${letters}]{1,12}$`, 'u'))
    const hyphenated = fc.oneof(
      name,
      fc.tuple(name, fc.constantFrom("'", '-', ' ', '. '), name).map((parts) => parts.join('')),
    )
    const people = fc.record({
      surname: hyphenated,
      first: fc.array(hyphenated, { minLength: 1, maxLength: 4 }),
      preferred: hyphenated,
      phone: fc.stringMatching(/^0[0-9]{8,10}$/),
      email: fc
        .tuple(fc.stringMatching(/^[a-z][a-z.+_-]{0,10}[a-z]$/), name)
        .map(([local, host]) => `${local}@${host}.com`),
      card: fc.stringMatching(/^[A-Z]{2,3}[- ]?[0-9]{5}$/),
    })

    await fc.assert(
      fc.asyncProperty(people, async ({ surname, first, preferred, phone, email, card }) => {
        replica().sqlite.exec(
          'delete from families; delete from students; delete from family_students; delete from guardians',
        )
        const home = family({ name: surname, card_code: card })
        const students = first.map((first_name) =>
          student({ first_name, last_name: surname, preferred_name: preferred }),
        )
        replica().insert('families', home)
        replica().insert('students', ...students)
        replica().insert('family_students', ...students.map((child) => childOf(home, child)))
        replica().insert('guardians', guardian({ family_id: home.id, phone, email }))
        replica().indexSearch()

        for (const text of [
          surname,
          ...first,
          preferred,
          phone.slice(-4),
          phone,
          email,
          email.split('@')[0] ?? '',
          card,
        ]) {
          const found = await search(text)
          expect([text, ...found.map(({ family_id }) => family_id)]).toEqual([text, home.id])
        }
      }),
      { numRuns: 60 },
    )
  })

  test('never throws, whatever is typed', async () => {
    addFamily('Berg', ['Mia'])
    replica().indexSearch()
    const syntax = fc.constantFrom(
      '"',
      '*',
      '^',
      '(',
      ')',
      ':',
      '-',
      '+',
      'AND',
      'OR',
      'NOT',
      'NEAR',
      '{',
      ' ',
      "'",
      ';',
      'b',
    )

    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.string({ unit: 'binary', maxLength: 400 }),
          fc.array(syntax).map((parts) => parts.join('')),
        ),
        async (text) => {
          await expect(search(text)).resolves.toBeInstanceOf(Array)
        },
      ),
    )
  })
})
