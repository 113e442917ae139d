import { normalizeIP } from '@fastify/rate-limit'

/**
 * Whom limits count as one client: an IPv4 address, or the first 64 bits of an IPv6 address, because whoever has one of
 * these has all of them.
 */
export const clientOf = (address: string): string => normalizeIP(address.replace(/%.*$/, ''))
