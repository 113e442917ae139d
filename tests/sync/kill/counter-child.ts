import { readFileSync } from 'node:fs'
import Sqlite from 'better-sqlite3'
import { Store } from '../../../src-main/data/store.ts'
import type { Counter } from '../../support/counter-rows.ts'
import { checkInAll, payCash, storeParts } from '../../support/store.ts'

/**
 * A desk that checks a family in and takes a payment, and says so on its output when each is saved. It dies with SIGKILL
 * just before its n-th call of SQLite, or with n = 0 counts them.
 */
const [folder, counterFile, killAt] = process.argv.slice(2)
if (!folder || !counterFile) throw new Error('Usage: counter-child.ts FOLDER COUNTER N')
// Written by the test from the same type.
const counter = JSON.parse(readFileSync(counterFile, 'utf8')) as Counter

const store = await Store.open(storeParts(folder, counter))
let calls = 0
const countCall = (): void => {
  calls += 1
  if (calls === Number(killAt)) process.kill(process.pid, 'SIGKILL')
}

type Method = (...args: unknown[]) => unknown
const intercept = (target: object, names: readonly string[]): void => {
  const methods = target as Record<string, Method>
  for (const name of names) {
    const original = methods[name] as Method
    methods[name] = function intercepted(this: unknown, ...args) {
      countCall()
      return original.apply(this, args)
    }
  }
}
const statement = store.replica.db.prepare('select 1')
intercept(Object.getPrototypeOf(statement) as object, ['run', 'get', 'all', 'iterate'])
intercept(Sqlite.prototype, ['exec', 'pragma', 'prepare'])

const say = (line: string): void => {
  process.stdout.write(`${line}\n`)
}

say(`saved ${(await checkInAll(store, counter)).envelope.id}`)
say(`saved ${(await payCash(store, counter)).envelope.id}`)
say(`calls ${calls}`)
process.kill(process.pid, 'SIGKILL')
