import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DomainError } from '../../../src-shared/errors.ts'
import { receiptContent } from '../../../src-shared/rules/receipt.ts'
import { syncedTables, type SyncedTableName } from '../../../src-shared/schema/tables.ts'
import type { Everything } from '../../support/command-backend.ts'
import { type CommandDatabase, openPostgresCommands, openSqliteCommands } from '../../support/both-databases.ts'
import { runsOf, type Step } from '../../support/command-runs.ts'
import { smallAcademy } from '../../support/small-academy.ts'

const academy = smallAcademy()
// Every key of the list is a table.
const tables = Object.keys(syncedTables) as SyncedTableName[]

/** What a command answered: nothing, a remark or a refusal. */
const outcomeOf = async (db: CommandDatabase, { command, args, over }: Step) => {
  try {
    return { merged: (await db.run(command, args, over)) ?? null }
  } catch (error) {
    if (!(error instanceof DomainError)) throw error
    return { refused: { code: error.code, message: error.message, details: error.details } }
  }
}

const runOn = async (db: CommandDatabase, steps: readonly Step[]) => {
  await db.reset(academy.rows)
  const outcomes: unknown[] = []
  for (const step of steps) outcomes.push(await outcomeOf(db, step))
  return { outcomes, rows: await db.everything() }
}

const sumOf = (list: readonly { readonly amount: number }[]): number =>
  list.reduce((sum, { amount }) => sum + amount, 0)

/** Invoices that standing payments pay more of than they are, and payments that pay more than they are. */
const spentTwice = (rows: Everything): readonly string[] => {
  const voided = new Set(rows.payment_voids.map((row) => row.payment_id))
  const standing = rows.payment_allocations.filter((allocation) => !voided.has(allocation.payment_id))
  const totals = rows.invoice_lines.map(({ invoice_id, total }) => ({ invoice_id, amount: total }))
  const invoices = rows.invoices.filter(({ id }) => sumFor(id, standing) > sumFor(id, totals))
  const payments = rows.payments.filter(
    ({ id, amount }) => sumOf(rows.payment_allocations.filter((one) => one.payment_id === id)) > amount,
  )
  return [...invoices, ...payments].map(({ id }) => id)
}

const sumFor = (invoiceId: string, list: readonly { readonly invoice_id: string; readonly amount: number }[]): number =>
  sumOf(list.filter((one) => one.invoice_id === invoiceId))

/** Receipts whose content cannot be read, or does not add up to the payment. */
const wrongReceipts = ({ payments, receipts }: Everything): readonly string[] =>
  receipts
    .filter(({ payment_id, label, content }) => {
      const paper = receiptContent.parse(JSON.parse(content))
      const covered = paper.lines.reduce((sum, { paid }) => sum + paid, 0)
      return (
        paper.label !== label ||
        paper.total !== payments.find(({ id }) => id === payment_id)?.amount ||
        covered !== paper.total ||
        sumOf(paper.taxes) > covered ||
        paper.change !== (paper.tendered === null ? null : paper.tendered - paper.total)
      )
    })
    .map(({ label }) => label)

/** Ids of rows that were there before and are not any more. */
const lost = (before: Everything, after: Everything): readonly string[] =>
  tables.flatMap((table) => {
    const left = new Set(after[table].map(({ id }) => id))
    return before[table].map(({ id }) => id).filter((id) => !left.has(id))
  })

describe('any run of commands', () => {
  let sqlite: CommandDatabase
  let postgres: CommandDatabase

  beforeAll(async () => {
    sqlite = await openSqliteCommands()
    postgres = await openPostgresCommands()
  })
  afterAll(() => Promise.all([sqlite.close(), postgres.close()]))

  test('has the same outcomes and leaves the same rows on SQLite and PostgreSQL', async () => {
    await fc.assert(
      fc.asyncProperty(runsOf(academy), async (steps) => {
        const [local, truth] = await Promise.all([runOn(sqlite, steps), runOn(postgres, steps)])

        expect(local).toEqual(truth)
      }),
      { numRuns: 40 },
    )
  })

  test('spends no money twice, and what the receipts say adds up', async () => {
    await fc.assert(
      fc.asyncProperty(runsOf(academy), async (steps) => {
        const { rows } = await runOn(sqlite, steps)

        expect(spentTwice(rows)).toEqual([])
        expect(wrongReceipts(rows)).toEqual([])
      }),
      { numRuns: 100 },
    )
  })

  test('changes nothing with what it refuses, and removes nothing', async () => {
    await fc.assert(
      fc.asyncProperty(runsOf(academy), async (steps) => {
        await sqlite.reset(academy.rows)
        for (const step of steps) {
          const before = await sqlite.everything()
          const outcome = await outcomeOf(sqlite, step)
          const after = await sqlite.everything()

          expect(after).toEqual('refused' in outcome ? before : after)
          expect(lost(before, after)).toEqual([])
        }
      }),
      { numRuns: 40 },
    )
  })
})
