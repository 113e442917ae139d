import type { Transaction } from 'kysely'
import { v7 } from 'uuid'
import { applyCommand, type CommandContext, drawsReceipt } from '../../../src-shared/commands/command.ts'
import { type AnyCommand } from '../../../src-shared/commands/index.ts'
import { maxBatchBytes, type MutationEnvelope } from '../../../src-shared/contract/http.ts'
import { DomainError } from '../../../src-shared/errors.ts'
import { formatHlc, parseHlc, tickHlc } from '../../../src-shared/hlc.ts'
import { toMutationId } from '../../../src-shared/ids.ts'
import type { Permission } from '../../../src-shared/permissions.ts'
import type { Database } from '../../../src-shared/schema/tables.ts'
import { instantToText } from '../../../src-shared/time.ts'
import type { Desk, PrintOrder } from '../desk/desk.ts'
import type { Profile } from '../device/profile.ts'
import type { Environment } from '../environment.ts'
import { oneWriter } from '../one-writer.ts'
import { readRecorder } from '../replica/read-recorder.ts'
import type { Replica } from '../replica/replica.ts'

export interface Actor {
  readonly staffId: string
  readonly leaseId: string
  readonly permissions: ReadonlySet<Permission>
}

export interface EnqueueParts {
  readonly replica: Replica
  readonly desk: Desk
  readonly profile: Pick<Profile, 'device_id' | 'facility_id' | 'till'>
  readonly environment: Pick<Environment, 'clock' | 'bytes'>
}

export interface Saved {
  readonly envelope: MutationEnvelope
  readonly tables: readonly string[]
}

/**
 * A local write (DESIGN.md §5): the effects on the replica, then the mutation in `desk.db` — the moment of truth, one
 * fsync — then the replica's commit. When this returns it may be shown as saved. The caller runs one at a time.
 */
export const enqueue = async (
  parts: EnqueueParts,
  command: AnyCommand,
  args: unknown,
  actor: Actor,
): Promise<Saved> => {
  let saved: Saved | undefined
  try {
    return await parts.replica.transact(async (tx) => {
      const { envelope, context } = compose(parts, command, args, actor)
      const { images, reads, search } = parts.replica.live()
      const recorder = readRecorder()
      await images.capture(envelope.seq, () => applyCommand(tx.withPlugin(recorder), command, args, context))
      reads.remember(envelope.seq, recorder.keys)
      parts.replica.state.update({ appliedSeq: envelope.seq, latestHlc: envelope.hlc })
      const tables = new Set(images.tablesOf(envelope.seq))
      if (search.refresh()) tables.add('search_index')
      const { receivedUpTo } = parts.replica.state.read()
      parts.desk.commitMutation(envelope, await printOrder(tx, envelope, context), receivedUpTo)
      saved = { envelope, tables: [...tables] }
      return saved
    })
  } catch (error) {
    // The mutation is durable although the replica could not commit: the next write or start replays it from desk.db.
    if (saved) return saved
    throw error
  }
}

/** For what an envelope has besides its arguments. */
const spareBytes = 2000

const compose = (
  { replica, desk, profile, environment }: EnqueueParts,
  command: AnyCommand,
  args: unknown,
  actor: Actor,
): { readonly envelope: MutationEnvelope; readonly context: CommandContext } => {
  const nowMs = environment.clock.now()
  if (Buffer.byteLength(JSON.stringify(args) ?? '') > maxBatchBytes - spareBytes) {
    throw new DomainError('too_large', 'This is more than can be sent at once. Do it in smaller parts.')
  }
  const latest = replica.state.read().latestHlc
  const envelope: MutationEnvelope = {
    id: toMutationId(v7({ msecs: nowMs, random: environment.bytes(16) })),
    seq: desk.peek('mutation'),
    command: command.name,
    version: command.version,
    args,
    staff_id: actor.staffId,
    lease_id: actor.leaseId,
    at: instantToText(nowMs),
    hlc: formatHlc(tickHlc(latest === undefined ? { ms: 0, counter: 0 } : parseHlc(latest), nowMs), profile.device_id),
    series_number: drawsReceipt(command, args) ? desk.peek('receipt') : null,
  }
  return {
    envelope,
    context: {
      mutationId: envelope.id,
      at: envelope.at,
      hlc: envelope.hlc,
      staffId: actor.staffId,
      deviceId: profile.device_id,
      facilityId: profile.facility_id,
      till: profile.till,
      seriesNumber: envelope.series_number,
      permissions: actor.permissions,
      lock: oneWriter,
    },
  }
}

/** A receipt is queued for printing in the same commit as its payment, so that a power cut cannot lose the paper (J3). */
const printOrder = async (
  tx: Transaction<Database>,
  envelope: MutationEnvelope,
  { till }: CommandContext,
): Promise<PrintOrder | undefined> => {
  if (envelope.series_number === null) return undefined
  const receipt = await tx
    .selectFrom('receipts')
    .select(['id', 'label'])
    .where('till_id', '=', till.id)
    .where('number', '=', envelope.series_number)
    .executeTakeFirst()
  return receipt && { id: envelope.id, receipt_id: receipt.id, label: receipt.label }
}
