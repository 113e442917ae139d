import { exec } from 'node:child_process'
import { parseArgs, promisify } from 'node:util'
import { type Result, runChecks } from './conformance/check.ts'
import { allChecks } from './conformance/checks.ts'
import { createTarget } from './conformance/target.ts'

/** Looks whether a server speaks Electric's HTTP shape protocol as the official client needs it: `npm run conformance`. */
const usage = `Usage: npm run conformance -- --url http://host:3000/v1/shape [options]
  --table NAME, --where SQL, --columns A,B   the shape; a server that knows it by the token needs none of them
  --token TOKEN      sent as Authorization: Bearer
  --secret SECRET    sent as the parameter secret
  --change COMMAND   a shell command that changes a row of the shape
  --restart COMMAND  restarts the server on its data, and returns when it answers again
  --expire COMMAND   makes the server give up the shape
  --flood N          more requests at once than the server takes
  --patience SECONDS how long a live request may be held (45)
  --only ID,ID       these checks alone
  --json             the results as JSON`

const { values } = parseArgs({
  options: {
    url: { type: 'string' },
    table: { type: 'string' },
    where: { type: 'string' },
    columns: { type: 'string' },
    token: { type: 'string' },
    secret: { type: 'string' },
    change: { type: 'string' },
    restart: { type: 'string' },
    expire: { type: 'string' },
    flood: { type: 'string' },
    patience: { type: 'string', default: '45' },
    only: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
})

if (values.url === undefined || !URL.canParse(values.url)) {
  console.error(usage)
  process.exit(78)
}

const shell = promisify(exec)
const command = (text: string | undefined) => (text === undefined ? undefined : async () => shell(text))
const given = <T extends object>(hooks: T): T =>
  // Only what was named: a check without its command is skipped.
  Object.fromEntries(Object.entries(hooks).filter(([, value]) => value !== undefined)) as T

const { table, where, columns, secret } = values
const target = createTarget({
  url: values.url,
  params: given({ table: table ?? 'sync_log', where, columns, secret }) as Record<string, string>,
  headers: values.token === undefined ? {} : { authorization: `Bearer ${values.token}` },
  fetch,
  patienceMs: Number(values.patience) * 1000,
  ...given({
    change: command(values.change),
    restart: command(values.restart),
    expire: command(values.expire),
    flood: values.flood === undefined ? undefined : Number(values.flood),
  }),
})

const line = ({ id, rule, outcome, why }: Result): string =>
  `${outcome.padEnd(8)} ${id}  ${rule}${why === '' ? '' : `\n               ${why}`}`

const wanted = values.only?.split(',')
const results = await runChecks(
  allChecks.filter(({ id }) => wanted?.includes(id) ?? true),
  target,
  values.json ? undefined : (result) => console.log(line(result)),
)
const count = (outcome: Result['outcome']): number => results.filter((result) => result.outcome === outcome).length
if (values.json) console.log(JSON.stringify(results, undefined, 2))
console.log(`${count('ok')} ok, ${count('FAILED')} failed, ${count('skipped')} skipped`)
// The client library may hold a request that is over for us.
process.exit(count('FAILED') > 0 ? 1 : 0)
