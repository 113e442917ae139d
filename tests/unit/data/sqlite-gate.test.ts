import { afterEach, describe, expect, test, vi } from 'vitest'
import { openEncrypted } from '../../../src-main/data/sqlite.ts'

const facts = { version: '3.53.4', synchronous: 2, closed: 0 }

vi.mock('better-sqlite3', () => ({
  default: class {
    readonly pragma = (text: string): unknown => (text === 'synchronous' ? facts.synchronous : undefined)
    readonly prepare = () => ({ pluck: () => ({ get: () => facts.version }), run: () => undefined })
    readonly exec = (): void => undefined
    readonly close = (): void => {
      facts.closed += 1
    }
  },
}))

afterEach(() => Object.assign(facts, { version: '3.53.4', synchronous: 2, closed: 0 }))

const open = () => openEncrypted('desk.db', { key: new Uint8Array(32), synchronous: 'FULL' })

describe('a database is not opened', () => {
  test('by a SQLite that can corrupt it (D13)', () => {
    facts.version = '3.51.2'

    expect(open).toThrow('SQLite 3.51.2 is older than 3.51.3')
    expect(facts.closed).toBe(1)
  })

  test('when what is saved in it would not survive a power cut (D2)', () => {
    facts.synchronous = 1

    expect(open).toThrow('synchronous is 1, not FULL')
    expect(facts.closed).toBe(1)
  })

  test('unless both are as they should be', () => {
    expect(open).not.toThrow()
  })
})
