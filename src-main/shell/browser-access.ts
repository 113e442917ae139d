import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

/** Who may use the browser shell: whoever came by a start URL, which works once and leaves a cookie. */
export interface BrowserAccess {
  readonly makeToken: () => string
  /** The cookie's value for a token that was not used before. */
  readonly exchange: (token: string) => string | undefined
  readonly knows: (cookieHeader: string | undefined) => boolean
  readonly cookieName: string
}

/** A token for a start URL. Anyone who can read the key (a 0600 file of this run) can make one, nobody else can. */
export const makeToken = (startKey: string): string => {
  const number = randomBytes(16).toString('base64url')
  return `${number}.${sign(startKey, number)}`
}

/**
 * `startKey` is new at every start, so tokens and cookies of an earlier run are worth nothing. The cookie's name has the
 * port in it, because browsers share cookies between the ports of a host.
 */
export const browserAccess = (startKey: string, port: number): BrowserAccess => {
  const used = new Set<string>()
  const cookie = randomBytes(32).toString('base64url')
  const cookieName = `foyer-${port}`

  return {
    cookieName,
    makeToken: () => makeToken(startKey),
    exchange: (token) => {
      const [number = '', signature = '', ...rest] = token.split('.')
      if (rest.length > 0 || !isEqual(signature, sign(startKey, number)) || used.has(number)) return undefined
      used.add(number)
      return cookie
    },
    knows: (header) =>
      (header ?? '').split(';').some((pair) => {
        const [name, value] = pair.trim().split('=', 2)
        return name === cookieName && isEqual(value ?? '', cookie)
      }),
  }
}

const sign = (key: string, text: string): string => createHmac('sha256', key).update(text).digest('base64url')

// Both sides hashed first, so that neither length nor content can be told from the time it takes.
const isEqual = (left: string, right: string): boolean => {
  const [a, b] = [left, right].map((text) => createHmac('sha256', 'compare').update(text).digest())
  return a !== undefined && b !== undefined && timingSafeEqual(a, b)
}
