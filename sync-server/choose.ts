interface Naming<T> {
  /** What they are, such as `facility`. */
  readonly kind: readonly [one: string, many: string]
  readonly namesOf: (each: T) => readonly string[]
  readonly lineOf: (each: T) => string
}

type Choice<T> = { readonly found: T } | { readonly why: string }

/**
 * The only one that an operator can have meant. Codes and names are an organization's own, so two may have the same: then, or
 * where there is none, why not, with those to choose from.
 */
export const choose = <T>(all: readonly T[], wanted: string, { kind, namesOf, lineOf }: Naming<T>): Choice<T> => {
  const [one, many] = kind
  const matching = all.filter((each) => namesOf(each).some((name) => name.toLowerCase() === wanted.toLowerCase()))
  const [found, ...others] = matching
  if (found === undefined)
    return { why: [`There is no ${one} "${wanted}". These are there:`, ...all.map(lineOf)].join('\n') }
  if (others.length === 0) return { found }
  return { why: [`Several ${many} are called "${wanted}". Say which by its id:`, ...matching.map(lineOf)].join('\n') }
}
