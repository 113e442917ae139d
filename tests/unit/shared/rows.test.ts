import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { commands } from '../../../src-shared/commands/index.ts'
import { channels } from '../../../src-shared/contract/ipc.ts'
import * as http from '../../../src-shared/contract/http.ts'
import { instantSchema, sharedText } from '../../../src-shared/schema/columns.ts'
import { sqliteTableDdl } from '../../../src-shared/schema/derive.ts'
import { serverTables, syncedTables } from '../../../src-shared/schema/tables.ts'
import type { Table } from '../../../src-shared/schema/table.ts'

const tables: readonly Table[] = [...Object.values(syncedTables), ...Object.values(serverTables)]

test('an instant is one that every database can hold (S6)', () => {
  const instants = [
    '0000-12-31T23:59:59.999Z',
    '0001-01-01T00:00:00.000Z',
    '9998-12-31T00:00:00.000Z',
    '9999-01-01T00:00:00.000Z',
  ]

  expect(instants.map((text) => instantSchema.safeParse(text).success)).toEqual([false, true, true, false])
})

describe('a table definition', () => {
  test.each(tables.map((table) => [table.name, table] as const))(
    '%s has an id, a scope column and known indexes',
    (_name, table) => {
      const columns = Object.keys(table.columns)

      expect(columns).toContain('id')
      const named = [...(table.scope.kind === 'server' ? [] : [table.scope.column]), ...table.indexes.flat()]
      expect(columns).toEqual(expect.arrayContaining(named))
      expect(sqliteTableDdl(table)).toContain('strict')
    },
  )

  test('is registered under its own name', () => {
    for (const [name, table] of Object.entries({ ...syncedTables, ...serverTables })) expect(table.name).toBe(name)
  })
})

describe('text that both databases keep alike (D17)', () => {
  test.each(['a\0b', '\0', '\ud800', 'x\udc00y'])('refuses %j', (text) => {
    expect(sharedText(100).safeParse(text).success).toBe(false)
  })

  test('takes every other text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 20 }), (text) => {
        fc.pre(!text.includes('\0'))
        expect(sharedText(1000).safeParse(text).success).toBe(true)
      }),
    )
  })
})

const jsonSchema = (schema: z.ZodType): unknown => z.toJSONSchema(schema, { unrepresentable: 'any', io: 'input' })

describe('the wire', () => {
  test('of commands changes only by decision: names and versions are for ever', () => {
    const wire = commands.map(({ name, version, args }) => ({ name, version, args: jsonSchema(args) }))

    expect(wire).toMatchSnapshot()
  })

  test('of HTTP changes only by decision', () => {
    const { mutationsRequest, mutationsResponse, enrollRequest, enrollResponse, tokenRequest, signInRequest } = http
    const wire = { mutationsRequest, mutationsResponse, enrollRequest, enrollResponse, tokenRequest, signInRequest }

    expect(
      Object.fromEntries(Object.entries(wire).map(([name, schema]) => [name, jsonSchema(schema)])),
    ).toMatchSnapshot()
  })

  test('lets an older program read an error code that it does not know', () => {
    const read = http.errorBody.parse({ code: 'invented_later', message: 'Closed on Sundays.', details: {} })

    expect(read).toEqual({ code: 'unexpected', message: 'Closed on Sundays.', details: {} })
  })

  test('of the window has an input and an output for every channel', () => {
    for (const { input, output } of Object.values(channels)) {
      expect(input).toBeInstanceOf(z.ZodType)
      expect(output).toBeInstanceOf(z.ZodType)
    }
  })
})
