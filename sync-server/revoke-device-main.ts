import { parseArgs } from 'node:util'
import { choose } from './choose.ts'
import { inRole, openPostgres } from './db/postgres.ts'

/** Shuts a computer out that was lost or is not used any more, or takes that back (SECURITY §3). */
const { values, positionals } = parseArgs({
  options: { undo: { type: 'boolean', default: false }, yes: { type: 'boolean', default: false } },
  allowPositionals: true,
})
const [wanted] = positionals
const { DATABASE_URL: url } = process.env

if (!url || !wanted) {
  console.error(
    'Usage: DATABASE_URL=postgres://foyer_server:… npm run revoke-device -- DEVICE [--yes | --undo]   (its name, id or till)',
  )
  process.exit(78)
}

interface Known {
  readonly id: string
  readonly name: string
  readonly till: string
  readonly facility: string
  readonly revoked_at: string | null
}

const lineOf = ({ id, name, till, facility, revoked_at }: Known): string =>
  `  ${id}   ${till}   ${name}, ${facility}${revoked_at === null ? '' : '   (revoked)'}`

const whatComes =
  'As soon as it reaches the server while somebody is signed in, it hands over what it has not sent, for the inbox of ' +
  'the facility, and destroys its data.'
const ifDestroyed = 'If it has destroyed its data already, it needs a new code.'

const { db, close } = openPostgres({ url, maxConnections: 1 })
try {
  // Said only when it is committed: the commit may still fail, such as on a log that somebody keeps locked.
  const said = await inRole(db, { role: 'foyer_auth' }, async (tx) => {
    const devices: readonly Known[] = await tx
      .selectFrom('devices as device')
      .innerJoin('tills as till', 'till.device_id', 'device.id')
      .innerJoin('facilities as facility', 'facility.id', 'device.facility_id')
      .select(['device.id', 'device.name', 'device.revoked_at', 'till.code as till', 'facility.name as facility'])
      .orderBy('facility.name')
      .orderBy('till.code')
      .execute()
    const choice = choose(devices, wanted, {
      kind: ['device', 'devices'],
      namesOf: ({ id, name, till }) => [id, name, till],
      lineOf,
    })
    if ('why' in choice) return choice
    const { found } = choice
    const who = `${found.name}, ${found.facility} (${found.till})`
    if (!values.undo && !values.yes) return { done: `This shuts out ${who}. If it is right, run it again with --yes.` }
    const revoked_at = values.undo ? null : (found.revoked_at ?? new Date().toISOString())
    await tx.updateTable('devices').set({ revoked_at }).where('id', '=', found.id).execute()
    return { done: values.undo ? `${who} is let in. ${ifDestroyed}` : `${who} is shut out. ${whatComes}` }
  })
  if ('why' in said) {
    console.error(said.why)
    process.exitCode = 1
  } else console.log(said.done)
} finally {
  await close()
}
