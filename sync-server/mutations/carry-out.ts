import { sql } from 'kysely'
import type { Logger } from 'pino'
import { type AnyCommand, findCommand } from '../../src-shared/commands/index.ts'
import { applyCommand, type CommandContext, parseArgs } from '../../src-shared/commands/command.ts'
import type { MutationEnvelope } from '../../src-shared/contract/http.ts'
import { DomainError } from '../../src-shared/errors.ts'
import { clampHlc } from '../../src-shared/hlc.ts'
import { rowIdsOf } from '../../src-shared/ids.ts'
import type { Permission } from '../../src-shared/permissions.ts'
import { permissionRowsOf, permissionsOf, toPermissions, underLease } from '../../src-shared/rules/access.ts'
import { instantToText } from '../../src-shared/time.ts'
import type { Device } from '../auth/devices.ts'
import type { ServerKey } from '../auth/keys.ts'
import { provenNotAfter } from '../auth/lease-id.ts'
import { insertsAhead } from '../db/inserts-ahead.ts'
import { later } from '../db/later.ts'
import { asShared, type Tx } from '../db/tx.ts'
import { refused, type Verdict } from './ledger.ts'
import type { Received } from './received.ts'
import { toRefusal } from './refusal.ts'

export interface CarryOutContext {
  readonly device: Device
  readonly log: Logger
  /** Epoch milliseconds of the server. */
  readonly now: () => number
  /** What leases are signed with: those that this database has no row of count by it. */
  readonly leaseKey?: ServerKey
}

interface Grant {
  readonly staffId: string
  readonly notAfter: string
  readonly permissions: ReadonlySet<Permission>
}

type KnownLease = Pick<Grant, 'staffId' | 'notAfter'>

/** What leases grant. */
export interface Grants {
  /** By the id of the lease: looked up once for a batch. */
  readonly known: Map<string, Grant>
  /** What a transaction has asked already, and not waited for yet. */
  readonly asked: WeakMap<Tx, () => Promise<Asked>>
}

interface Asked {
  readonly lease: KnownLease | undefined
  readonly permissions: ReadonlySet<Permission>
}

export const noGrants = (): Grants => ({ known: new Map(), asked: new WeakMap() })

/** Asks what `carryOut` will want to know, in one packet with the statement that comes next. */
export const askForGrant = async (
  tx: Tx,
  { content }: Received,
  { device }: Pick<CarryOutContext, 'device'>,
  { known, asked }: Grants,
): Promise<void> => {
  if (content.kind === 'unusable' || known.has(content.envelope.lease_id)) return
  const { envelope } = content
  const leases = await later(leaseRowsOf(tx, envelope, device))
  const permissions = await later(permissionRowsOf(asShared(tx), envelope.staff_id, device.facilityId))
  asked.set(tx, async () => ({ lease: toLease(await leases()), permissions: toPermissions(await permissions()) }))
}

/** Runs the command of a mutation. Throws what stands against it. */
export const carryOut = async (
  tx: Tx,
  received: Received,
  { device, now, leaseKey }: CarryOutContext,
  grants: Grants,
): Promise<Verdict> => {
  const envelope = envelopeOf(received)
  const command = findCommand(envelope.command, envelope.version)
  const grant = await grantOf(tx, envelope, { device, ...(leaseKey && { leaseKey }) }, grants)
  const permissions = underLease(grant.permissions, grant.notAfter, doneAt(envelope, now()))
  const merged = await applyCommand(asShared(tx.withPlugin(insertsAhead)), command, envelope.args, {
    ...contextOf(tx, envelope, device, now()),
    permissions,
  })
  return merged ? { outcome: 'merged', error: merged } : { outcome: 'applied' }
}

/** Nothing comes before it was done: a device whose clock is ahead does not end its own lease (FAULTS T1). */
const doneAt = ({ at }: MutationEnvelope, nowMs: number): string => {
  const now = instantToText(nowMs)
  return at < now ? at : now
}

/**
 * What is left to do for a mutation that failed. Money that changed hands is never refused: a command that can keep the
 * least of it does so, whatever the reason, and the outcome is `merged`.
 */
export const salvage = async (
  tx: Tx,
  received: Received,
  { device, now, log }: CarryOutContext,
  reason: DomainError,
): Promise<Verdict> => {
  const keep = salvageOf(received)
  if (!keep) return refused(reason)
  const { command, envelope } = keep
  await sql`savepoint salvage`.execute(tx)
  try {
    // Parsed a moment ago by salvageOf, and of the command's own type.
    const args = parseArgs(command, envelope.args)
    const context = { ...contextOf(tx, envelope, device, now()), permissions: new Set<Permission>() }
    const run = { ...context, newId: rowIdsOf(envelope.id) }
    const merged = await command.salvage?.(asShared(tx), args, run, reason)
    return merged ? { outcome: 'merged', error: merged } : refused(reason)
  } catch (error) {
    const second = toRefusal(error, log)
    if (!second) throw error
    await sql`rollback to savepoint salvage`.execute(tx)
    return refused(reason)
  }
}

const salvageOf = ({
  content,
}: Received): { readonly command: AnyCommand; readonly envelope: MutationEnvelope } | undefined => {
  if (content.kind === 'unusable') return undefined
  try {
    const { envelope } = content
    const command = findCommand(envelope.command, envelope.version)
    parseArgs(command, envelope.args)
    return command.salvage ? { command, envelope } : undefined
  } catch (error) {
    // An unknown command, or arguments that cannot be understood: nothing that could be kept.
    if (error instanceof DomainError) return undefined
    throw error
  }
}

const envelopeOf = ({ content }: Received): MutationEnvelope => {
  if (content.kind === 'unusable') throw content.reason
  return content.envelope
}

const contextOf = (
  tx: Tx,
  envelope: MutationEnvelope,
  device: Device,
  nowMs: number,
): Omit<CommandContext, 'permissions'> => ({
  mutationId: envelope.id.toLowerCase(),
  at: envelope.at,
  hlc: clampHlc(envelope.hlc, nowMs),
  staffId: envelope.staff_id,
  deviceId: device.id,
  facilityId: device.facilityId,
  till: device.till,
  seriesNumber: envelope.series_number,
  lock: rowLock(tx),
})

/** `CommandContext.lock`: until the end of the transaction, nobody else who asks for the row gets it. */
export const rowLock =
  (tx: Tx): CommandContext['lock'] =>
  async (table, id) => {
    await sql`select from ${sql.table(table)} where id = ${id} for no key update`.execute(tx)
  }

type GrantContext = Pick<CarryOutContext, 'device' | 'leaseKey'>

/** Throws `lease_invalid` unless the server gave this lease to this person at this device. */
const grantOf = async (tx: Tx, envelope: MutationEnvelope, context: GrantContext, grants: Grants): Promise<Grant> => {
  const grant = grants.known.get(envelope.lease_id) ?? (await readGrant(tx, envelope, context, grants))
  if (grant?.staffId !== envelope.staff_id) {
    throw new DomainError('lease_invalid', 'This was done under a sign-in that the server does not know.')
  }
  grants.known.set(envelope.lease_id, grant)
  return grant
}

const readGrant = async (
  tx: Tx,
  envelope: MutationEnvelope,
  context: GrantContext,
  { asked }: Grants,
): Promise<Grant | undefined> => {
  const { device } = context
  const answer = await asked.get(tx)?.()
  const found = answer ? answer.lease : toLease(await leaseRowsOf(tx, envelope, device).execute())
  const lease = found ?? (await proveLease(envelope, context))
  if (!lease) return undefined
  // Whose lease it is must be who did it: `grantOf` compares.
  const permissions = answer?.permissions ?? (await permissionsOf(asShared(tx), envelope.staff_id, device.facilityId))
  return { ...lease, permissions }
}

const leaseRowsOf = (tx: Tx, { lease_id }: MutationEnvelope, device: Device) =>
  tx
    .selectFrom('leases')
    .select(['staff_id', 'not_after'])
    .where('id', '=', lease_id)
    .where('device_id', '=', device.id)
    .where('facility_id', '=', device.facilityId)

const toLease = ([row]: readonly { staff_id: string; not_after: string }[]): KnownLease | undefined =>
  row && { staffId: row.staff_id, notAfter: row.not_after }

/** A backup that was restored is older than the sign-in. */
const proveLease = async (
  { lease_id, staff_id: staffId }: MutationEnvelope,
  { device, leaseKey }: GrantContext,
): Promise<KnownLease | undefined> => {
  if (!leaseKey) return undefined
  const notAfter = await provenNotAfter(leaseKey, lease_id, {
    staffId,
    deviceId: device.id,
    facilityId: device.facilityId,
  })
  return notAfter === undefined ? undefined : { staffId, notAfter }
}
