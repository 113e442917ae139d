import { type Check, must, mustBe, needed, Skipped } from './check.ts'
import { after, type Answer, ask, lastOf, load, type Target } from './target.ts'

/** What a cache may do with an answer, in seconds; undefined when it may keep nothing. */
const maxAgeOf = ({ headers }: Answer): number | undefined => {
  const control = headers.get('cache-control') ?? ''
  if (/no-store|no-cache/.test(control)) return undefined
  const [, seconds] = /max-age=(\d+)/.exec(control) ?? []
  must(seconds !== undefined, `cache-control is ${JSON.stringify(control)}`)
  return Number(seconds)
}

const others = { origin: 'https://elsewhere.example', 'access-control-request-method': 'GET' }

const options = async (target: Target): Promise<Answer> => {
  const answer = await ask({ ...target, headers: {} }, { offset: '-1' }, { method: 'OPTIONS', headers: others })
  if (!answer.headers.has('access-control-allow-origin')) throw new Skipped('no page of another origin may read it')
  return answer
}

const exposed = ['electric-handle', 'electric-offset', 'electric-schema', 'electric-cursor', 'electric-up-to-date']

/** Caches, browsers and health (SHAPE-PROTOCOL §1, §5.1). */
export const aroundChecks: readonly Check[] = [
  {
    id: 'A01',
    rule: 'what one person may see, no shared cache may keep (§5.1)',
    run: async (target) => {
      if (Object.keys(target.headers).length === 0) throw new Skipped('needs --token')
      for (const { headers, asked } of await target.loaded()) {
        const control = headers.get('cache-control') ?? ''
        must(/private|no-store/.test(control), `the answer to ${asked} may be kept: ${control}`)
      }
    },
  },
  {
    id: 'A02',
    rule: 'an answer at the end of the shape is kept for a minute at most, a live one for 5 s (§5.1)',
    run: async (target) => {
      must((maxAgeOf(lastOf(await target.loaded())) ?? 0) <= 60, 'the last answer of a load is kept longer')
      for (const answer of await target.idle()) must((maxAgeOf(answer) ?? 0) <= 5, 'a live answer is kept longer')
    },
  },
  {
    id: 'A03',
    rule: 'a 409 is kept for a minute at most (§3)',
    run: async (target) => {
      const place = after(lastOf(await target.loaded()))
      const gone = await ask(target, { ...place, handle: 'a-handle-that-nobody-made' })
      must((maxAgeOf(gone) ?? 0) <= 60, 'it is kept longer')
    },
  },
  {
    id: 'A04',
    rule: 'OPTIONS is answered with 204 to who has not signed in, and kept for a day (§1)',
    run: async (target) => {
      const answer = await options(target)
      mustBe(answer.status, 204, 'the status')
      mustBe(answer.headers.get('access-control-max-age'), '86400', 'access-control-max-age')
      must(/GET/.test(answer.headers.get('access-control-allow-methods') ?? ''), 'GET is not allowed')
    },
  },
  {
    id: 'A05',
    rule: 'a page may read every header that the client needs (§5.1)',
    run: async (target) => {
      await options(target)
      const answer = await ask(target, { offset: '-1' }, { headers: { origin: others.origin } })
      const readable = (answer.headers.get('access-control-expose-headers') ?? '').toLowerCase()
      const hidden = exposed.filter((name) => readable !== '*' && !readable.includes(name))
      mustBe(hidden.join(), '', 'what is hidden')
    },
  },
  {
    id: 'A06',
    rule: 'GET /v1/health says active, to everybody, and is never kept (§1)',
    run: async (target) => {
      const response = await target.fetch(new URL('/v1/health', target.url).href)
      mustBe(response.status, 200, 'the status')
      const body = (await response.json()) as { readonly status?: unknown }
      mustBe(body.status, 'active', 'its status')
      must(/no-store|no-cache/.test(response.headers.get('cache-control') ?? ''), 'it may be kept')
    },
  },
  {
    id: 'A07',
    rule: 'electric-has-data says false only where nothing is sent but up-to-date (§5.1)',
    run: async (target) => {
      const change = needed(target.change, '--change')
      const before = lastOf(await load(target))
      await change()
      const news = await ask(target, after(before))
      must(news.headers.get('electric-has-data') !== 'false', 'it says false, but there is something')
    },
  },
  {
    id: 'A08',
    rule: 'offset=now, where it is offered, is up to date at once, without rows (§7)',
    run: async (target) => {
      const answer = await ask(target, { offset: 'now' })
      if (answer.status === 400) throw new Skipped('not offered')
      mustBe(answer.status, 200, 'the status')
      mustBe(answer.messages.length, 1, 'the number of messages')
    },
  },
]
