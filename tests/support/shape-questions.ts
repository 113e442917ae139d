import { afterAll, beforeAll } from 'vitest'
import { academy, family, newId } from './academy.ts'
import { type Answered, startSyncServer, type TestDevice, type TestServer } from './sync-server.ts'

interface Message {
  readonly key?: string
  readonly value?: {
    readonly position: string
    readonly table_name: string
    readonly row_id: string
    readonly row: string | null
  }
  readonly headers: Readonly<Record<string, unknown>>
}
type ShapeAnswer = Answered<readonly Message[]>

/** A server for all tests of a file, and the questions of a device for the log, as they go over the line. */
export const shapeQuestions = () => {
  let server: TestServer
  let device: TestDevice
  beforeAll(async () => {
    server = await startSyncServer({ pollSeconds: 1 })
    device = await server.enroll()
  })
  afterAll(async () => server.close())

  const ask = async (query: Record<string, string>, from = device): Promise<ShapeAnswer> =>
    from.request(`/v1/shape?${new URLSearchParams(query).toString()}`)

  /** Asks from the start until the server says up-to-date. */
  const load = async (from = device): Promise<readonly ShapeAnswer[]> => {
    const answers = [await ask({ offset: '-1' }, from)]
    for (;;) {
      const last = answers.at(-1)
      if (!last || last.headers.has('electric-up-to-date')) return answers
      answers.push(await ask(after(last), from))
    }
  }

  const lastOf = async (from = device): Promise<ShapeAnswer> => {
    const last = (await load(from)).at(-1)
    if (!last) throw new Error('nothing was answered')
    return last
  }

  const addFamily = async (name: string): Promise<string> => {
    const row = family({ name })
    await server.insert('families', row)
    await server.insert('family_facilities', { id: newId(), family_id: row.id, facility_id: academy.facility_id })
    return row.id
  }

  const headOf = async (): Promise<number> => {
    const [row] = await server.sql<{ position: number }>(
      `select position::int from facility_heads where facility_id = $1 and audience = 'desk'`,
      [academy.facility_id],
    )
    return row?.position ?? 0
  }

  return { server: () => server, device: () => device, ask, load, lastOf, addFamily, headOf }
}

/** The next question of a client that got this answer. */
export const after = ({ headers }: ShapeAnswer): { offset: string; handle: string } => ({
  offset: headers.get('electric-offset') ?? '',
  handle: headers.get('electric-handle') ?? '',
})

export const changesOf = ({ body }: ShapeAnswer): readonly Message[] => body.filter(({ value }) => value)
