/** Stands in for src-main/data/main.ts in tests of the shells: echoes calls, and dies or pushes when it is told to. */
let started: unknown

process.on('disconnect', () => process.exit(0))
process.on('message', (message: { start?: unknown; id?: number; channel?: string; input?: { name?: string } }) => {
  if (message.start !== undefined) {
    started = message.start
    return
  }
  const { id, channel, input } = message
  if (channel === 'command' && input?.name === 'die') process.exit(7)
  if (channel === 'command' && input?.name === 'hang') return
  if (channel === 'command' && input?.name === 'push') {
    process.send?.({ push: 'tables-changed', data: { tables: ['check_ins'] } })
  }
  process.send?.({ id, reply: { ok: true, value: { channel, input, started, pid: process.pid } } })
})
