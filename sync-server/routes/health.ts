import { sql } from 'kysely'
import { healthResponse } from '../../src-shared/contract/http.ts'
import { DomainError } from '../../src-shared/errors.ts'
import { json } from './answer.ts'
import { defineRoute, noInput } from './route.ts'
import type { Services } from './services.ts'

/** The process is alive. */
export const healthRoute = () =>
  defineRoute({
    method: 'GET',
    path: '/v1/health',
    summary: 'Whether the server is alive',
    auth: 'none',
    input: noInput,
    output: healthResponse,
    handle: async () => json({ status: 'active' }),
  })

/** Work may be sent here: the database answers, and this server is not going down. */
export const readyRoute = ({ db, isReady }: Services) =>
  defineRoute({
    method: 'GET',
    path: '/v1/ready',
    summary: 'Whether the server can take work now',
    auth: 'none',
    input: noInput,
    output: healthResponse,
    handle: async () => {
      if (!isReady()) throw new DomainError('unavailable', 'The server is not ready.')
      await sql`select 1`.execute(db)
      return json({ status: 'active' })
    },
  })
