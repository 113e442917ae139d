import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { digestedLog, type Tables } from '../../support/digested-log.ts'

const { server, device, remember, head, tablesAt, compare } = digestedLog()

const metric = async (line: string): Promise<number> => {
  const text = await (await fetch(`${server().url()}/metrics`)).text()
  const value = text.split('\n').find((each) => each.startsWith(`${line} `))
  return Number(value?.split(' ').at(-1) ?? 0)
}

describe('the metrics', () => {
  test('count a request that says that it is not live as one that catches up', async () => {
    const lines = ['catch_up', 'live'].map((kind) => `foyer_shape_requests_total{kind="${kind}"}`)
    const before = await Promise.all(lines.map(metric))

    await device().request('/v1/shape?offset=-1&live=false')

    const after = await Promise.all(lines.map(metric))
    expect(after.map((value, n) => value - (before[n] ?? 0))).toEqual([1, 0])
  })

  test('count comparisons by result, the tables that differ, and whether mending helped', async () => {
    await remember()
    const results = ['equal', 'different', 'position_gone'].map(
      (result) => `foyer_digest_comparisons_total{result="${result}"}`,
    )
    const mismatch = 'foyer_digest_mismatches_total{table="spaces"}'
    const repaired = 'foyer_replica_repairs_total{result="mended_equal"}'
    const lines = [...results, mismatch, repaired]
    const before = await Promise.all(lines.map(metric))
    const tables = tablesAt(head())
    const wrong = { ...tables, spaces: { ...tables['spaces'], digest: 'a'.repeat(32) } } as Tables

    await compare(head(), wrong)
    await compare(head(), tables, { reason: 'mended' })
    await compare(head() + 1_000_000, tables)

    const after = await Promise.all(lines.map(metric))
    expect(after.map((value, n) => value - (before[n] ?? 0))).toEqual([1, 1, 1, 1, 1])
  })
})

test('every number that the server counts is explained to those who run it', async () => {
  const explained = await readFile(join(import.meta.dirname, '../../../docs/metrics.md'), 'utf8')
  const text = await (await fetch(`${server().url()}/metrics`)).text()
  const names = [...text.matchAll(/^# TYPE (\w+) /gm)].map(([, name = '']) => name)

  expect(names.length).toBeGreaterThan(9)
  expect(names.filter((name) => !explained.includes(`\`${name}\``))).toEqual([])
})
