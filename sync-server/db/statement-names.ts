/** Gives statements that come again a name, under which a connection keeps them prepared. */
export interface StatementNames {
  readonly of: (text: string) => { readonly name?: string }
  /** After a change of the schema every connection must prepare them again. */
  readonly renew: () => void
}

/** The time at which a statement has shown that it comes again: lists of ids make many that do not. */
const usesBeforeName = 3
/** What a connection keeps takes memory of PostgreSQL: some ten kilobytes each. */
const mostNamed = 200
const mostCounted = 2000

export const statementNames = (): StatementNames => {
  let generation = 0
  let uses = new Map<string, number>()
  let names = new Map<string, string>()
  return {
    of(text) {
      const known = names.get(text)
      if (known !== undefined) return { name: known }
      if (names.size >= mostNamed) return {}
      const count = (uses.get(text) ?? 0) + 1
      if (count >= usesBeforeName) {
        const name = `foyer_${generation}_${names.size}`
        names.set(text, name)
        uses.delete(text)
        return { name }
      }
      if (uses.size >= mostCounted) uses = new Map()
      uses.set(text, count)
      return {}
    },
    renew() {
      generation += 1
      names = new Map()
    },
  }
}
