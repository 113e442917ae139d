import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { matchFamily } from '../../src-shared/rules/search-match.ts'
import { fold, searchExpression, searchTerms, typedPhone, typedWords } from '../../src-shared/rules/search-terms.ts'
import { family, guardian, student } from '../support/academy.ts'

const termsOf = (name: string): readonly string[] => searchTerms({ name, card_code: null }, [], []).split(' ')

describe('the terms of a family', () => {
  test.each([
    ['Müller', ['muller', 'mueller']],
    ["O'Brien", ['o', 'brien', 'obrien']],
    ['Smith-Jones', ['smith', 'jones', 'smithjones']],
    ['van der Berg', ['van', 'der', 'berg', 'vanderberg']],
    ['Łukasz', ['lukasz']],
    ['Søren', ['soren', 'soeren']],
    ['Strauß', ['strauss']],
    ['Đặng', ['dang']],
  ])('find %s as people type it', (name, forms) => {
    const terms = termsOf(name)

    expect(terms).toEqual(expect.arrayContaining(forms))
  })

  test('hold the last four digits of a phone and no more of it', () => {
    const anna = guardian({ family_id: 'f', phone: '0412 345 678', phone_e164: '+61412345678' })

    const terms = searchTerms({ name: 'Berg', card_code: null }, [anna], []).split(' ')

    expect(terms).toContain('5678')
    expect(terms.filter((term) => /\d/.test(term))).toEqual(['5678'])
  })

  test('hold an e-mail by its local part and in full, but not its domain', () => {
    const anna = guardian({ family_id: 'f', email: 'anna.berg+swim@example.com' })

    const terms = searchTerms({ name: 'X', card_code: null }, [anna], []).split(' ')

    expect(terms).toEqual(expect.arrayContaining(['anna', 'berg', 'annabergswim', 'annabergswimexamplecom']))
    expect(terms).not.toContain('example')
  })

  test('hold a whole name in one for scripts without spaces', () => {
    const taro = student({ first_name: '太郎', last_name: '山田' })

    const terms = searchTerms({ name: '山田', card_code: null }, [], [taro]).split(' ')

    expect(terms).toEqual(expect.arrayContaining(['山田', '太郎', '山田太郎']))
  })

  test('say each form once, the surname first', () => {
    const terms = searchTerms({ name: 'Berg', card_code: null }, [], [student(), student({ first_name: 'Leo' })])

    expect(terms).toBe('berg mia leo')
  })
})

describe('folding', () => {
  test('is the same for composed and decomposed text, and done after once', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const folded = fold(text)

        expect(fold(text.normalize('NFD'))).toBe(fold(text.normalize('NFC')))
        expect(fold(folded)).toBe(folded)
      }),
    )
  })
})

describe('what was typed', () => {
  test('becomes an expression of letters, digits and its own syntax only, whatever it was', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 120 }), (text) => {
        const quoted = [...searchExpression(typedWords(text)).matchAll(/"([^"]*)"/g)].map(([, word]) => word)

        expect(quoted.every((word) => /^[\p{L}\p{N}]+$/u.test(word ?? ''))).toBe(true)
        expect(searchExpression(typedWords(text)).replaceAll(/"[^"]*"/g, '')).toMatch(/^(?:[()*^ ]|AND|OR)*$/)
      }),
    )
  })

  test.each([
    ['0412 345 678', '0412345678'],
    ['+61 (412) 345-678', '61412345678'],
    ['5678', undefined],
    ['berg 041234', undefined],
  ])('%s is a whole phone number: %s', (text, digits) => {
    expect(typedPhone(text)).toBe(digits)
  })
})

describe('a match', () => {
  const berg = {
    family: family({ card_code: 'FAM-0007' }),
    guardians: [
      guardian({
        family_id: 'f',
        first_name: 'Bea',
        phone: '0412 345 678',
        phone_e164: '+61412345678',
        email: 'bz@x.com',
      }),
    ],
    students: [student({ first_name: 'Maria', preferred_name: 'Mimi' })],
  }
  const match = (text: string) => matchFamily({ words: typedWords(text), phone: typedPhone(text) }, berg)

  test.each([
    ['ber', 'name', 'Berg'],
    ['mimi', 'name', 'Maria Berg'],
    ['bea', 'guardian', 'Bea Berg'],
    ['fam-0007', 'card', 'FAM-0007'],
    ['5678', 'phone', '0412 345 678'],
    ['bz@x', 'email', 'bz@x.com'],
  ])('for %s names the %s', (text, kind, found) => {
    expect(match(text)?.found_by).toEqual({ kind, text: found })
  })

  test('by name ranks before a match by anything else', () => {
    expect(match('berg')?.tier).toBe(0)
    expect(match('bea')?.tier).toBe(1)
  })

  test('needs the whole phone number to fit when one was typed', () => {
    expect(match('0412 345 678')?.found_by.kind).toBe('phone')
    expect(match('0499 995 678')).toBeUndefined()
  })
})
