/** Contrast as WCAG 2 defines it. Colors are `#rrggbb`. */

type Rgb = readonly [number, number, number]

const black = '#000000'
const white = '#ffffff'

const toRgb = (hex: string): Rgb => {
  const value = Number.parseInt(hex.slice(1), 16)
  return [(value >> 16) & 0xff, (value >> 8) & 0xff, value & 0xff]
}

const toHex = (rgb: Rgb): string => `#${rgb.map((part) => Math.round(part).toString(16).padStart(2, '0')).join('')}`

const linear = (part: number): number => {
  const share = part / 255
  return share <= 0.040_45 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
}

const luminance = (hex: string): number => {
  const [red, green, blue] = toRgb(hex)
  return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)
}

/** From 1 (the same) to 21 (black on white). */
export const contrastOf = (a: string, b: string): number => {
  const [darker = 0, lighter = 0] = [luminance(a), luminance(b)].toSorted((x, y) => x - y)
  return (lighter + 0.05) / (darker + 0.05)
}

/** `share` of `into`, the rest of `from`. */
export const mix = (from: string, into: string, share: number): string => {
  const [a, b] = [toRgb(from), toRgb(into)]
  const part = (index: 0 | 1 | 2): number => a[index] * (1 - share) + b[index] * share
  return toHex([part(0), part(1), part(2)])
}

/** The color itself when it is readable on the ground, else the nearest darker or lighter one that is. */
export const readableOn = (color: string, ground: string, atLeast: number): string => {
  const towards = luminance(ground) > 0.4 ? black : white
  for (let share = 0; share < 1; share += 0.02) {
    const candidate = mix(color, towards, share)
    if (contrastOf(candidate, ground) >= atLeast) return candidate
  }
  return towards
}

export const isHexColor = (text: string): boolean => /^#[0-9a-f]{6}$/i.test(text)
