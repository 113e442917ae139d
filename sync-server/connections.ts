import { BlockList, isIP, type Server as NetServer, type Socket } from 'node:net'
import { clientOf } from './client-address.ts'
import type { Config } from './config.ts'

export interface Connections {
  /** How many stand now. */
  readonly count: () => number
  /** How many were closed as they came, since the start. */
  readonly turnedAway: () => number
}

type Limits = Pick<Config, 'mostConnections' | 'addressConnections' | 'trustProxy'>

/**
 * Bounds the sockets, in all and of one client: a held request costs memory, also somebody's who never asks for anything
 * (FAULTS N5). One too many is closed without a word; to a desk that is a line that does not stand, and it tries again. A
 * proxy that is trusted brings many clients under its own address, and has limits of its own.
 */
export const limitConnections = (server: NetServer, limits: Limits): Connections => {
  const { mostConnections, addressConnections } = limits
  const counts = new Map<string, number>()
  const isProxy = proxiesOf(limits.trustProxy)
  let [standing, turnedAway] = [0, 0]

  server.maxConnections = mostConnections
  server.on('drop', () => void (turnedAway += 1))
  // Before what Node does with it, so that nothing of a socket too many is ever read.
  server.prependListener('connection', (socket: Socket) => {
    const address = plainAddress(socket.remoteAddress ?? '')
    const client = clientOf(address)
    const its = (counts.get(client) ?? 0) + 1
    if (its > addressConnections && !isProxy(address)) {
      turnedAway += 1
      socket.destroy()
      return
    }
    counts.set(client, its)
    standing += 1
    socket.once('close', () => {
      standing -= 1
      const left = (counts.get(client) ?? 1) - 1
      if (left === 0) counts.delete(client)
      else counts.set(client, left)
    })
  })
  return { count: () => standing, turnedAway: () => turnedAway }
}

/** IPv4 as it looks to a server that listens on IPv6. */
const plainAddress = (address: string): string => address.replace(/^::ffff:(?=\d+\.)/i, '')

/** Whose address stands for many: nobody's, everybody's, or those of a list, as TRUST_PROXY has it. */
const proxiesOf = (trusted: boolean | string): ((address: string) => boolean) => {
  if (typeof trusted === 'boolean') return () => trusted
  const proxies = new BlockList()
  for (const part of trusted.split(',')) {
    const [network = '', bits] = part.trim().split('/')
    const family = isIP(network) === 6 ? 'ipv6' : 'ipv4'
    proxies.addSubnet(network, Number(bits ?? (family === 'ipv6' ? 128 : 32)), family)
  }
  return (address) => isIP(address) !== 0 && proxies.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
}
