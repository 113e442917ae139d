type Fetch = typeof fetch
export type Break = (real: Fetch) => Fetch

interface Heard {
  readonly url: URL
  readonly init: RequestInit | undefined
  /** How many requests there were, this one included. */
  readonly count: number
}

interface Made {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

type Change = (answer: Made, heard: Heard) => Partial<Made> | Promise<Partial<Made>>

const urlOf = (input: Parameters<Fetch>[0]): URL => new URL(input instanceof Request ? input.url : String(input))

/** A server that makes something else of the answers of a good one. */
export const altered =
  (change: Change): Break =>
  (real) => {
    let count = 0
    return async (input, init) => {
      count += 1
      const heard = { url: urlOf(input), init, count }
      const response = await real(input, init)
      const answer = { status: response.status, headers: new Headers(response.headers), text: await response.text() }
      const made = { ...answer, ...(await change(answer, heard)) }
      made.headers.delete('content-encoding')
      made.headers.delete('content-length')
      const isEmpty = made.text === '' || made.status === 204 || made.status === 304
      return new Response(isEmpty ? null : made.text, { status: made.status, headers: made.headers })
    }
  }

/** A server that hears another question. */
export const misheard =
  (mishear: (url: URL, heard: Omit<Heard, 'url'>) => void): Break =>
  (real) => {
    let count = 0
    return async (input, init) => {
      count += 1
      const url = urlOf(input)
      mishear(url, { init, count })
      return real(url, init)
    }
  }

export const query = ({ url }: Heard, name: string): string => url.searchParams.get(name) ?? ''
export const isStart = (heard: Heard): boolean => query(heard, 'offset') === '-1'
export const isLive = ({ url }: Heard): boolean =>
  url.searchParams.has('live') && url.searchParams.get('live') !== 'false'

export const withHeader = (
  name: string,
  value: string | undefined,
  isMeant: (heard: Heard, made: Made) => boolean = () => true,
) =>
  altered((made, heard) => {
    if (!isMeant(heard, made)) return {}
    if (value === undefined) made.headers.delete(name)
    else made.headers.set(name, value)
    return {}
  })

interface Message {
  key?: string
  value?: Record<string, unknown>
  headers: Record<string, unknown>
}

export const withMessages = (
  change: (messages: Message[], heard: Heard) => readonly unknown[],
  isMeant: (heard: Heard) => boolean = () => true,
) =>
  altered(({ text, status }, heard) => {
    if (status !== 200 || text === '' || !isMeant(heard)) return {}
    return { text: JSON.stringify(change(JSON.parse(text) as Message[], heard)) }
  })

export const upToDate = { headers: { control: 'up-to-date', global_last_seen_lsn: '1' } }
export const isChange = ({ key }: Message): boolean => key !== undefined
export const isOfficial = ({ url }: Heard): boolean => url.searchParams.has('log')
/** Who is up to date and asks for more. */
export const isBack = (heard: Heard): boolean => query(heard, 'offset').endsWith('_0')
export const refused = (text: string, status = 400) =>
  altered((made) => (made.status >= 400 && made.status !== 409 ? { text, status } : {}))
