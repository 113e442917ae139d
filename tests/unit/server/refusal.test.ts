import { pino } from 'pino'
import { describe, expect, test } from 'vitest'
import { toRefusal } from '../../../sync-server/mutations/refusal.ts'

const log = pino({ level: 'silent' })
const failure = (code: string) => Object.assign(new Error('made up'), { code })

describe('what a failure means for its mutation', () => {
  test.each([
    ['23514', 'constraint'],
    ['22P05', 'bad_text'],
    ['42501', 'forbidden'],
    ['42703', 'unexpected'],
    ['0A000', 'unexpected'],
    ['P0001', 'unexpected'],
    ['54001', 'unexpected'],
  ])('%s is refused as %s, so that it cannot hold up the queue (FAULTS S6)', (state, code) => {
    expect(toRefusal(failure(state), log)).toMatchObject({ code })
  })

  test.each(['08006', '26000', '40001', '40P01', '25P02', '53300', '55P03', '57P01', '58030', 'XX000'])(
    '%s says nothing of the mutation, which is tried again',
    (state) => {
      expect(toRefusal(failure(state), log)).toBeUndefined()
    },
  )

  test.each(['ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ENETUNREACH', 'EMFILE', 'ERR_STREAM_DESTROYED'])(
    '%s, said of the connection to PostgreSQL, says nothing of it either (S6)',
    (code) => {
      expect(toRefusal(failure(code), log)).toBeUndefined()
    },
  )

  test('a mistake of ours that Node names is refused too', () => {
    expect(toRefusal(failure('ERR_INVALID_ARG_TYPE'), log)).toMatchObject({ code: 'unexpected' })
  })
})
