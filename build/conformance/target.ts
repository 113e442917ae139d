/** The endpoint that is tested, and what can be done to what is behind it. */
export interface Target {
  /** Of the endpoint itself, such as http://localhost:3000/v1/shape. */
  readonly url: string
  /** What names the shape, and a secret where the server wants one. */
  readonly params: Readonly<Record<string, string>>
  readonly headers: Readonly<Record<string, string>>
  readonly fetch: typeof fetch
  /** Longer than the server holds a live request, in milliseconds; the official client gives up after 45 s. */
  readonly patienceMs: number
  /** Adds, changes or removes a row of the shape. */
  readonly change?: () => Promise<unknown>
  /** Starts the server again, on the same data. */
  readonly restart?: () => Promise<unknown>
  /** Makes the server give up the shape, as after a restore or an eviction. */
  readonly expire?: () => Promise<unknown>
  /** How many requests at once are more than the server takes. */
  readonly flood?: number
  readonly loaded: () => Promise<readonly Answer[]>
  readonly idle: () => Promise<readonly Answer[]>
}

export interface Message {
  readonly key?: string
  readonly value?: Readonly<Record<string, string | null>>
  readonly headers: Readonly<Record<string, unknown>>
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The messages of a 200; undefined when the body is no array. */
  readonly messages: readonly Message[]
  readonly json: unknown
  /** The offset that was asked for. */
  readonly asked: string
}

type Facts = Omit<Target, 'loaded' | 'idle'>

/** A load and two idle live requests are made once, for all the checks that only look at them. */
export const createTarget = (facts: Facts): Target => {
  let loaded: Promise<readonly Answer[]> | undefined
  let idle: Promise<readonly Answer[]> | undefined
  const target: Target = {
    ...facts,
    loaded: async () => (loaded ??= load(target)),
    idle: async () => (idle ??= stayIdle(target)),
  }
  return target
}

type Query = Readonly<Record<string, string | undefined>>

const shapeUrl = ({ url, params }: Target, query: Query): string => {
  const full = new URL(url)
  for (const [name, value] of Object.entries({ ...params, ...query })) {
    if (value !== undefined) full.searchParams.set(name, value)
  }
  return full.href
}

/** One question. Never throws for what the server says. */
export const ask = async (target: Target, query: Query, init: RequestInit = {}): Promise<Answer> => {
  const signal = init.signal ?? AbortSignal.timeout(target.patienceMs)
  const headers = { ...target.headers, ...(init.headers as Record<string, string> | undefined) }
  const response = await target.fetch(shapeUrl(target, query), { ...init, headers, signal })
  const text = await response.text()
  const json = parsed(text)
  // What is not of this form fails the checks that look at it.
  const messages = Array.isArray(json) ? (json as readonly Message[]) : []
  return { status: response.status, headers: response.headers, text, messages, json, asked: query['offset'] ?? '' }
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

/** Where a client goes on that got this answer. */
export const after = ({ headers }: Answer): { readonly offset: string; readonly handle: string } => ({
  offset: headers.get('electric-offset') ?? '',
  handle: headers.get('electric-handle') ?? '',
})

export const isUpToDate = ({ messages }: Answer): boolean => messages.at(-1)?.headers?.['control'] === 'up-to-date'

/** More would be a loop: nobody has so large a shape here. */
const mostAnswers = 10_000

/** There is no more, or no way on. */
export const isAtEnd = (answer: Answer): boolean =>
  answer.status !== 200 || isUpToDate(answer) || after(answer).offset === answer.asked

/** From the start until the server says up-to-date. */
export const load = async (target: Target, start: Query = {}): Promise<readonly Answer[]> => {
  const answers = [await ask(target, { offset: '-1', ...start })]
  for (;;) {
    const last = answers.at(-1)
    if (!last || isAtEnd(last) || answers.length === mostAnswers) return answers
    answers.push(await ask(target, after(last)))
  }
}

/** Two live requests in a row to which nothing happens, the second with the cursor of the first. */
const stayIdle = async (target: Target): Promise<readonly Answer[]> => {
  const end = lastOf(await target.loaded())
  const first = await ask(target, { ...after(end), live: 'true', cursor: '' })
  const cursor = first.headers.get('electric-cursor') ?? ''
  return [first, await ask(target, { ...after(first), live: 'true', cursor })]
}

export const lastOf = (answers: readonly Answer[]): Answer => {
  const last = answers.at(-1)
  if (!last) throw new Error('nothing was answered')
  return last
}

export const changesIn = ({ messages }: Answer): readonly Message[] =>
  messages.filter(({ headers }) => headers?.['operation'] !== undefined)

/** The rows by key that a client shows which got these answers. */
export const rowsOf = (answers: readonly Answer[]): ReadonlyMap<string, string> => {
  const rows = new Map<string, string>()
  for (const { key = '', value, headers } of answers.flatMap(changesIn)) {
    if (headers['operation'] === 'delete') rows.delete(key)
    else rows.set(key, JSON.stringify({ ...(parsed(rows.get(key) ?? '{}') as object), ...value }))
  }
  return rows
}
