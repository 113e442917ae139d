import { sql } from 'kysely'
import type { DomainError } from '../../src-shared/errors.ts'
import { type Device, unknownDevice } from '../auth/devices.ts'
import type { Tx } from '../db/tx.ts'

/** The device may not send any more: nothing is kept, and there is no outcome. */
export class NotAdmitted extends Error {
  readonly reason: DomainError

  constructor(reason: DomainError) {
    super(reason.message)
    this.name = 'NotAdmitted'
    this.reason = reason
  }
}

interface TurnRow {
  readonly last_seq: number
  readonly is_revoked: boolean
}

/** The device as it is while the transaction lasts. */
export interface Turn {
  /** Its progress. */
  readonly lastSeq: number
  /** Nothing that it sends is carried out any more. */
  readonly isRevoked: boolean
}

/** The device as it is now is in it, so a revocation that was committed before holds. */
const turnOf = ({ id }: Device) => sql<TurnRow>`
  select progress.last_seq, device.revoked_at is not null as is_revoked
  from device_progress as progress join devices as device on device.id = progress.id
  where progress.id = ${id}
  for update of progress`

/** Makes other requests of this device wait until the transaction is over. Throws NotAdmitted. */
export const takeTurn = async (tx: Tx, device: Device): Promise<Turn> => {
  const { rows } = await turnOf(device).execute(tx)
  return toTurn(admitted(rows[0]))
}

/** The same, and writes down the mutation then, if its id is free: one round trip. */
export const takeTurnWith = async (
  tx: Tx,
  device: Device,
  row: Readonly<Record<string, unknown>>,
): Promise<Turn & { readonly isNew: boolean }> => {
  const columns = sql.join(Object.keys(row).map((name) => sql.ref(name)))
  const { rows } = await sql<TurnRow & { readonly is_new: boolean }>`
    with turn as (${turnOf(device)}),
    written as (
      insert into mutations (${columns})
      select ${sql.join(Object.values(row))} from turn
      on conflict (id) do nothing
      returning id
    )
    select last_seq, is_revoked, exists (select from written) as is_new from turn`.execute(tx)
  const turn = admitted(rows[0])
  return { ...toTurn(turn), isNew: turn.is_new }
}

const toTurn = ({ last_seq, is_revoked }: TurnRow): Turn => ({ lastSeq: last_seq, isRevoked: is_revoked })

const admitted = <T extends TurnRow>(turn: T | undefined): T => {
  if (!turn) throw new NotAdmitted(unknownDevice())
  return turn
}
