import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus'

/** Chance that is the same for the same seed and name. */
export interface Chance {
  /** In [0, 1). */
  readonly float: () => number
  /** A whole number from `min` to `max`, both included. */
  readonly int: (min: number, max: number) => number
  /** True in `percent` of 100 cases. */
  readonly happens: (percent: number) => boolean
  readonly pick: <T>(items: readonly T[]) => T
  /** One of the names, as often as its weight says. */
  readonly weighted: <K extends string>(weights: Readonly<Record<K, number>>) => K
  /** Milliseconds around `mean`, mostly fewer, sometimes many more. */
  readonly pause: (mean: number) => number
  readonly bytes: (count: number) => Uint8Array
  readonly uuid: () => string
}

/** FNV-1a: names of one seed give generators that have nothing to do with each other. */
const hashOf = (text: string): number => {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  return hash
}

/**
 * A stream of its own for each actor: what one draws does not change what another one draws, so that a history stays
 * much the same when one part of the simulator is changed.
 */
export const chanceOf = (seed: number, name: string): Chance => {
  const generator = xoroshiro128plus(hashOf(`${seed}/${name}`) ^ seed)
  const int = (min: number, max: number): number => uniformInt(generator, min, max)
  const float = (): number => uniformFloat64(generator)
  const bytes = (count: number): Uint8Array => Uint8Array.from({ length: count }, () => int(0, 255))
  return {
    float,
    int,
    happens: (percent) => float() * 100 < percent,
    pick: (items) => {
      const item = items[int(0, items.length - 1)]
      if (item === undefined) throw new Error('There is nothing to pick from.')
      return item
    },
    weighted: <K extends string>(weights: Readonly<Record<K, number>>) => {
      // Object.entries forgets the type of the keys.
      const entries = Object.entries<number>(weights) as [K, number][]
      let left = float() * entries.reduce((sum, [, weight]) => sum + weight, 0)
      const found = entries.find(([, weight]) => (left -= weight) < 0) ?? entries[0]
      if (!found) throw new Error('There is nothing to pick from.')
      return found[0]
    },
    pause: (mean) => Math.ceil(-Math.log(1 - float()) * mean),
    bytes,
    uuid: () => {
      const hex = Buffer.from(bytes(16)).toString('hex')
      return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`
    },
  }
}
