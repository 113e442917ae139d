import type { Client, Connection, Submittable } from 'pg'

type Row = readonly (string | null)[]

/** Runs `copy … to stdout` in the text format and gives each row. */
export const copyOut = async (client: Client, sql: string, onRow: (row: Row) => void): Promise<void> => {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  let failure: unknown
  // What node-postgres calls on a query that handles its own messages.
  const query: Submittable & Readonly<Record<string, unknown>> = {
    submit: (connection: Connection) => connection.query(sql),
    handleCopyData: ({ chunk }: { readonly chunk: Buffer }) => {
      try {
        onRow(toRow(chunk.toString('utf8', 0, chunk.length - 1)))
      } catch (error) {
        failure ??= error
      }
    },
    handleCommandComplete: () => undefined,
    handleError: (error: unknown) => {
      failure ??= error
    },
    handleReadyForQuery: () => {
      if (failure === undefined) resolve()
      else reject(failure instanceof Error ? failure : new Error('COPY failed'))
    },
  }
  client.query(query)
  return promise
}

const toRow = (line: string): Row =>
  line.split('\t').map((value) => (value === String.raw`\N` ? null : value.includes('\\') ? unescaped(value) : value))

const unescaped = (value: string): string =>
  value.replaceAll(
    /\\(.)/g,
    (_, letter: string) => ({ b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' })[letter] ?? letter,
  )
