import { expect, test } from 'vitest'
import { scriptRuns } from '../../src-main/printing/script-runs.ts'

const textOf = (text: string): string =>
  scriptRuns(text)
    .map((run) => run.text)
    .join('')

test('text of one alphabet stays one run of the main font', () => {
  expect(scriptRuns("Żółć Nguyễn-O'Brien, Άννα Щ. (№ 12)")).toEqual([
    { text: "Żółć Nguyễn-O'Brien, Άννα Щ. (№ 12)", font: 'Roboto' },
  ])
})

test('each script gets its font, with the spaces and marks that follow', () => {
  expect(scriptRuns('Ming 王小明 (さくら) प्रिया')).toEqual([
    { text: 'Ming ', font: 'Roboto' },
    { text: '王小明 ', font: 'Han' },
    { text: '(', font: 'Roboto' },
    { text: 'さくら', font: 'Han' },
    { text: ') ', font: 'Roboto' },
    { text: 'प्रिया', font: 'Devanagari' },
  ])
})

test('right-to-left words come in the order in which they are set from the left', () => {
  expect(scriptRuns('Sharks: محمد علي')).toEqual([
    { text: 'Sharks: ', font: 'Roboto' },
    { text: 'علي', font: 'Arabic' },
    { text: ' ', font: 'Roboto' },
    { text: 'محمد', font: 'Arabic' },
  ])
})

test('a very long word may be broken, a 24-letter one may not', () => {
  expect(textOf('a'.repeat(24))).toBe('a'.repeat(24))
  expect(textOf('a'.repeat(40))).toBe(`${'a'.repeat(16)}\u200b${'a'.repeat(16)}\u200b${'a'.repeat(8)}`)
})

test('the narrow space that Intl writes becomes one that the font has', () => {
  expect(textOf('4:25\u202fpm')).toBe('4:25\u00a0pm')
})
