import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { commands } from '../../src-shared/commands/index.ts'
import { formOf, outcomeOf, readDesktop, record, recordedDesktops, rowsOf, sendAs } from '../support/old-desktop.ts'
import { startSyncServer, type TestServer } from '../support/sync-server.ts'

/**
 * What desktops that were given out have sent must be understood for ever. When a version is given out, it is recorded
 * with `RECORD_DESKTOP=desktop-1.2.3 vitest run --project sync tests/sync/old-desktops.test.ts`, and never again.
 */
const toRecord = process.env['RECORD_DESKTOP']
if (toRecord !== undefined) await record(toRecord)

const desktops = await Promise.all(
  (await recordedDesktops()).map(async (name) => ({ name, ...(await readDesktop(name)) })),
)
let server: TestServer

beforeAll(async () => {
  server = await startSyncServer()
})
afterAll(async () => server.close())

describe.each(desktops)('$name', ({ place, recordings }) => {
  test('sends only commands that are still known, in the form that they had (S8)', () => {
    const known = new Map(commands.map(({ name, version, args }) => [`${name} ${version}`, formOf(args)]))

    // A change gets a new version; the old one stays.
    const changed = recordings.filter(
      ({ command, version, args }) => JSON.stringify(known.get(`${command} ${version}`)) !== JSON.stringify(args),
    )
    expect(changed.map(({ command, version }) => `${command} ${version}`)).toEqual([])
  })

  test('has sent each of its commands', () => {
    expect(recordings.filter(({ sent }) => sent.length === 0).map(({ command }) => command)).toEqual([])
  })

  test('gets from this server for all that it has sent exactly what it got then (S8)', async () => {
    for (const { table, rows } of place.before) for (const row of rows) await server.insert(table, row)
    const sent = recordings.flatMap((recording) => recording.sent).toSorted((a, b) => a.envelope.seq - b.envelope.seq)

    const first = await sendAs(
      server,
      place.device,
      sent.map(({ envelope }) => envelope),
    )
    const second = await sendAs(
      server,
      place.device,
      sent.map(({ envelope }) => envelope),
    )

    expect(first.outcomes.map(outcomeOf)).toEqual(sent.map(({ outcome }) => outcome))
    expect(second).toEqual(first)
    const tables = place.after.map(({ table }) => table)
    const after = await rowsOf(server, tables, place.device)
    for (const { table, rows } of place.after) {
      // Columns that were added since may hold anything.
      const now = after.find((found) => found.table === table)?.rows
      expect(now).toEqual(expect.arrayContaining(rows.map((row) => expect.objectContaining(row) as unknown)))
    }
  })
})
