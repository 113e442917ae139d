import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Stands in for src-main/data/main.ts in tests of the shells: echoes calls, and dies or pushes when it is told to. */
interface Message {
  readonly start?: { readonly profileFolder: string }
  readonly id?: number
  readonly channel?: string
  readonly input?: { readonly name?: string }
}

let started: Message['start']

const inProfile = (name: string): string => join(started?.profileFolder ?? '', name)

/** A test that wants a state of the app puts its stage into the profile. */
const appState = () =>
  existsSync(inProfile('fake-stage'))
    ? {
        stage: readFileSync(inProfile('fake-stage'), 'utf8'),
        device: null,
        default_server_url: '',
        known_staff: [],
        session: null,
        rows_received: 0,
        rows_total: null,
        revoked: null,
      }
    : undefined

const answer = ({ channel, input }: Message): unknown => {
  if (channel === 'device.enroll') writeFileSync(inProfile('fake-enrolled'), JSON.stringify(input))
  if (channel === 'print.receipt') return { pdf: Buffer.from('%PDF').toString('base64'), printed: false }
  return (channel === 'app.state' ? appState() : undefined) ?? { channel, input, started, pid: process.pid }
}

let isStubborn = false

process.on('disconnect', () => {
  if (isStubborn) setTimeout(() => undefined, 90_000)
  else process.exit(0)
})
process.on('message', (message: Message) => {
  if (message.start) {
    started = message.start
    return
  }
  const command = message.channel === 'command' ? message.input?.name : undefined
  if (command === 'die') process.exit(7)
  if (command === 'hang') return
  if (command === 'stay') isStubborn = true
  if (command === 'push') process.send?.({ push: 'tables-changed', data: { tables: ['check_ins'] } })
  process.send?.({ id: message.id, reply: { ok: true, value: answer(message) } })
})
