/** A text that PostgreSQL can hold: U+0000 and lone surrogates replaced, at most `maxLength` UTF-16 units. */
export const storable = (text: string, maxLength: number): string =>
  text.slice(0, maxLength).replaceAll('\0', '\uFFFD').toWellFormed()
