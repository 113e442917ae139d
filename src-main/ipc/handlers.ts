import { commands, findCommand } from '../../src-shared/commands/index.ts'
import { DomainError } from '../../src-shared/errors.ts'
import { requirePermission } from '../../src-shared/rules/access.ts'
import { receiptContent } from '../../src-shared/rules/receipt.ts'
import type { DataProcess } from '../data/data-process.ts'
import type { SignedInDesk } from '../data/data-process-parts.ts'
import { waitingMutations } from '../data/desk/waiting.ts'
import { runQuery } from '../data/replica/read.ts'
import type { Handlers } from './serve.ts'

/** The contract's channels over the data process. */
export const handlersFor = (data: DataProcess): Handlers => ({
  'app.state': () => data.appState(),
  'device.enroll': (input) => data.enroll(input),
  'session.sign_in': (input) => data.signIn(input),
  'session.sign_out': () => data.signOut(),

  query: async ({ name, args }) => {
    const { store, device, state } = data.signedIn()
    const answer = await runQuery(store.replica.reads, name, args, {
      facilityId: device.profile().facility_id,
      deviceId: device.profile().device_id,
      staffId: state.staff_id,
      permissions: new Set(state.permissions),
    })
    return { result: answer.result, tables: [...answer.tables] }
  },

  command: async ({ name, args }) => {
    const { store, leaseId, state, wake } = data.signedIn()
    const actor = { staffId: state.staff_id, leaseId, permissions: new Set(state.permissions) }
    // Also after `save_unknown`: what may be saved must go out without waiting for the next write.
    const { envelope, tables } = await store.run(newestCommand(name), args, actor).finally(wake)
    data.tablesChanged(tables)
    if (envelope.series_number !== null) data.printJobsChanged()
    return { mutation_id: envelope.id, seq: envelope.seq, series_number: envelope.series_number }
  },

  'sync.status': () => data.status(),
  'sync.waiting': () => [...waitingMutations(data.signedIn().store)],
  'sync.accept_removal': () => {
    const { state, acceptRemoval } = data.signedIn()
    requirePermission(new Set(state.permissions), 'payments.void')
    acceptRemoval()
    return null
  },

  'sync.compare': () => {
    data.signedIn().compare()
    return null
  },

  'print.jobs': () => [...data.signedIn().store.desk.printJobs()],
  'print.receipt': async ({ receipt_id, paper, copy }) => {
    const pdf = await renderReceipt(data.signedIn(), { receipt_id, paper, copy })
    return { pdf: Buffer.from(pdf).toString('base64'), printed: false }
  },
  'print.settle': ({ id, state }) => {
    data.signedIn().store.desk.settlePrintJob(id, state)
    data.printJobsChanged()
    return null
  },
})

/** The window always means the newest version of a command; older ones are for outboxes of older desktops. */
const newestCommand = (name: string) => {
  const version = Math.max(0, ...commands.filter((command) => command.name === name).map((command) => command.version))
  return findCommand(name, version)
}

interface ReceiptOrder {
  readonly receipt_id: string
  readonly paper: 'a4' | '80mm'
  readonly copy: boolean
}

const renderReceipt = async ({ store, state }: SignedInDesk, order: ReceiptOrder): Promise<Uint8Array> => {
  requirePermission(new Set(state.permissions), 'money.read')
  const receipt = await store.replica.reads
    .selectFrom('receipts')
    .leftJoin('payment_voids', 'payment_voids.payment_id', 'receipts.payment_id')
    .select(['receipts.content', 'payment_voids.at as void_at', 'payment_voids.reason'])
    .where('receipts.id', '=', order.receipt_id)
    .executeTakeFirst()
  if (!receipt) throw new DomainError('not_found', 'This receipt does not exist here.')
  // pdfmake and its fonts are heavy: a desk that prints nothing never loads them.
  const [{ receiptDocument }, { renderPdf }] = await Promise.all([
    import('../printing/receipt-document.ts'),
    import('../printing/render.ts'),
  ])
  const { paper, copy } = order
  const voided = receipt.void_at === null ? null : { at: receipt.void_at, reason: receipt.reason ?? '' }
  return renderPdf(receiptDocument(receiptContent.parse(JSON.parse(receipt.content)), { paper, copy, void: voided }))
}
