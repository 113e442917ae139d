import { describe, expect, test } from 'vitest'
import { contrastOf, mix, readableOn } from '../../../src-renderer/app/contrast.ts'
import { accentTokens, tokens } from '../../../src-renderer/app/theme.ts'

const schemes = ['light', 'dark'] as const
const grounds = ['frame', 'surface', 'raised', 'hover'] as const
const aaText = 4.5
const aaBorder = 3

describe('contrastOf', () => {
  test('is 21 between black and white, and 1 between a color and itself', () => {
    expect(contrastOf('#000000', '#ffffff')).toBeCloseTo(21, 5)
    expect(contrastOf('#ffffff', '#000000')).toBeCloseTo(21, 5)
    expect(contrastOf('#767676', '#767676')).toBe(1)
  })

  test('agrees with the published value of the grey that is just readable on white', () => {
    expect(contrastOf('#767676', '#ffffff')).toBeCloseTo(4.54, 2)
  })
})

describe('readableOn', () => {
  test('keeps a color that is readable already', () => {
    expect(readableOn('#0b6e99', '#ffffff', aaText)).toBe('#0b6e99')
  })

  test('mixes into black or white as far as needed and no further', () => {
    const found = readableOn('#ffd400', '#ffffff', aaText)

    expect(contrastOf(found, '#ffffff')).toBeGreaterThanOrEqual(aaText)
    expect(contrastOf(mix(found, '#ffd400', 0.2), '#ffffff')).toBeLessThan(aaText)
  })
})

describe.each(schemes)('the %s scheme', (scheme) => {
  const colors = tokens[scheme]

  test.each(grounds)('has readable text on %s', (ground) => {
    const contrasts = (['text', 'text-soft', 'text-faint'] as const).map((text) =>
      contrastOf(colors[text], colors[ground]),
    )

    expect(Math.min(...contrasts)).toBeGreaterThanOrEqual(aaText)
  })

  test.each(['danger', 'warn', 'good'] as const)('has readable %s text on its ground and on the surface', (tone) => {
    const text = colors[`${tone}-text`]

    expect(contrastOf(text, colors[`${tone}-ground`])).toBeGreaterThanOrEqual(aaText)
    expect(contrastOf(text, colors.surface)).toBeGreaterThanOrEqual(aaText)
    expect(contrastOf(text, colors.frame)).toBeGreaterThanOrEqual(aaText)
  })

  test('has borders of fields that can be seen', () => {
    expect(contrastOf(colors['line-strong'], colors.surface)).toBeGreaterThanOrEqual(aaBorder)
  })

  test.each(['#0b6e99', '#ffd400', '#ffffff', '#000000', '#e30613', '#7fff00', 'not a color'])(
    'makes the accent %s readable as text and under text',
    (organization) => {
      const { accent, 'on-accent': onAccent, 'accent-ground': ground } = accentTokens(organization, scheme)

      expect(contrastOf(accent, colors.surface)).toBeGreaterThanOrEqual(aaText)
      expect(contrastOf(accent, colors.frame)).toBeGreaterThanOrEqual(aaText)
      expect(contrastOf(accent, ground)).toBeGreaterThanOrEqual(aaText)
      expect(contrastOf(onAccent, accent)).toBeGreaterThanOrEqual(aaText)
    },
  )
})
