import { setTimeout as delay } from 'node:timers/promises'
import { type Check, must, mustBe, needed, Skipped } from './check.ts'
import { after, type Answer, ask, changesIn, isUpToDate, lastOf, load, type Target } from './target.ts'

const cursorOf = ({ headers }: Answer): bigint => {
  const cursor = headers.get('electric-cursor') ?? ''
  must(/^\d+$/.test(cursor), `electric-cursor is ${JSON.stringify(cursor)}`)
  return BigInt(cursor)
}

/** The answer with something in it, or the second without: a server may end a live request whenever it likes. */
const untilNews = async (target: Target, place: ReturnType<typeof after>): Promise<Answer> => {
  const answer = await ask(target, { ...place, live: 'true' })
  return changesIn(answer).length > 0 ? answer : ask(target, { ...after(answer), live: 'true' })
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

const end = async (target: Target): Promise<Answer> => lastOf(await load(target))

/** The end before a change. */
const changed = async (target: Target, change: () => Promise<unknown>): Promise<Answer> => {
  const before = await end(target)
  await change()
  return before
}

const mustLieBehind = (before: Answer, answer: Answer): void => {
  const said = textOf(before.messages.at(-1)?.headers['global_last_seen_lsn'])
  const positions = changesIn(answer).map(({ headers, value }) => textOf(headers['lsn'] ?? value?.['position']))
  if (said === '' || positions.includes('')) throw new Skipped('its messages name no position')
  must(
    positions.every((position) => BigInt(position) > BigInt(said)),
    `one of ${positions.join()} is up to ${said}`,
  )
}

/** Held requests (SHAPE-PROTOCOL §6). */
export const liveChecks: readonly Check[] = [
  {
    id: 'L01',
    rule: 'a live request to which nothing happens ends with 200 and up-to-date, before the client gives up after 45 s',
    run: async (target) => {
      for (const answer of await target.idle()) {
        mustBe(answer.status, 200, 'the status')
        must(isUpToDate(answer), `it does not say up-to-date: ${answer.text.slice(0, 80)}`)
      }
    },
  },
  {
    id: 'L02',
    rule: 'a live answer has a handle, an offset and a cursor (§5.1)',
    run: async (target) => {
      for (const answer of await target.idle()) {
        cursorOf(answer)
        must(after(answer).handle !== '' && after(answer).offset !== '', 'it has no handle or no offset')
      }
    },
  },
  {
    id: 'L03',
    rule: 'the cursor is never the one that was sent: a cache would answer with the same for ever (§6)',
    run: async (target) => {
      const [first, second] = await target.idle()
      must(first !== undefined && second !== undefined, 'nothing was answered')
      must(cursorOf(second) > cursorOf(first), `it went from ${cursorOf(first)} to ${cursorOf(second)}`)
    },
  },
  {
    id: 'L04',
    rule: 'a live answer without news stays at the offset',
    run: async (target) => {
      const [first] = await target.idle()
      must(first !== undefined, 'nothing was answered')
      must(changesIn(first).length > 0 || after(first).offset === first.asked, `it moved to ${after(first).offset}`)
    },
  },
  {
    id: 'L05',
    rule: 'a live request is held, and answered as soon as there is something, up to date with it',
    run: async (target) => {
      const change = needed(target.change, '--change')
      const place = after(await end(target))
      let isAnswered = false
      const held = untilNews(target, place).finally(() => (isAnswered = true))
      await delay(100)
      must(!isAnswered, 'it was not held')
      await change()
      const answer = await held
      must(changesIn(answer).length > 0, 'the change is not in it')
      must(isUpToDate(answer), 'it does not end with up-to-date')
    },
  },
  {
    id: 'L06',
    rule: 'a live request that is behind is answered at once',
    run: async (target) => {
      const change = needed(target.change, '--change')
      const place = after(await end(target))
      await change()
      must(changesIn(await ask(target, { ...place, live: 'true' })).length > 0, 'the change is not in it')
    },
  },
  {
    id: 'L07',
    rule: 'live counts whatever its value, but false (§2)',
    run: async (target) => {
      const place = after(await end(target))
      const plain = await ask(target, { ...place, live: 'false' })
      must(!plain.headers.has('electric-cursor'), 'live=false was taken for live')
      const change = needed(target.change, '--change')
      const held = ask(target, { ...place, live: '' })
      await delay(100)
      await change()
      cursorOf(await held)
    },
  },
  {
    id: 'L08',
    rule: 'live with offset=-1 is refused with 400 (§2)',
    run: async (target) => {
      mustBe((await ask(target, { offset: '-1', live: 'true' })).status, 400, 'the status')
    },
  },
  {
    id: 'L09',
    rule: 'what comes after up-to-date lies behind the position that it named (§4.2)',
    run: async (target) => {
      const change = needed(target.change, '--change')
      const before = await changed(target, change)
      const answer = await ask(target, { ...after(before), live: 'true' })
      mustLieBehind(before, answer)
    },
  },
  {
    id: 'L10',
    rule: 'a client that goes away while it is held leaves no trace',
    run: async (target) => {
      const place = after(await end(target))
      const gone = Array.from({ length: 10 }, async () => {
        const abort = new AbortController()
        const held = ask(target, { ...place, live: 'true' }, { signal: abort.signal })
        await delay(50)
        abort.abort()
        await held.catch(() => undefined)
      })
      await Promise.all(gone)
      mustBe((await ask(target, place)).status, 200, 'the status of the next request')
    },
  },
  {
    id: 'L11',
    rule: 'many held requests are answered together',
    run: async (target) => {
      const change = needed(target.change, '--change')
      const place = after(await end(target))
      const held = Array.from({ length: 20 }, async () => untilNews(target, place))
      await delay(100)
      await change()
      const answers = await Promise.all(held)
      mustBe(answers.filter((answer) => changesIn(answer).length > 0).length, 20, 'the number with the change')
    },
  },
  {
    id: 'L13',
    rule: 'the header electric-up-to-date stands on live answers too where they end with up-to-date (§5.1)',
    run: async (target) => {
      for (const answer of await target.idle()) {
        mustBe(answer.headers.has('electric-up-to-date'), isUpToDate(answer), 'electric-up-to-date')
      }
    },
  },
  {
    id: 'L14',
    rule: 'what comes after a live up-to-date lies behind the position that it named (§4.2)',
    run: async (target) => {
      const change = needed(target.change, '--change')
      const before = await untilNews(target, after(await changed(target, change)))
      await change()
      mustLieBehind(before, await ask(target, { ...after(before), live: 'true' }))
    },
  },
  {
    id: 'L12',
    rule: 'server-sent events, where they are offered, begin with the offset that was asked for (§6)',
    run: async (target) => {
      const place = after(await end(target))
      const abort = new AbortController()
      const url = new URL(target.url)
      const query = { ...target.params, ...place, live: 'true', live_sse: 'true', experimental_live_sse: 'true' }
      for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
      const timer = setTimeout(() => abort.abort(), target.patienceMs)
      try {
        const response = await target.fetch(url.href, { headers: target.headers, signal: abort.signal })
        if (!response.headers.get('content-type')?.startsWith('text/event-stream')) {
          must(response.status === 200 || response.status === 400, `the status is ${response.status}`)
          throw new Skipped('not offered')
        }
        mustBe(response.headers.get('electric-offset'), place.offset, 'electric-offset')
      } finally {
        clearTimeout(timer)
        abort.abort()
      }
    },
  },
]
