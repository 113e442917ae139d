import { type Check, must, mustBe, needed, Skipped } from './check.ts'
import { after, type Answer, ask, lastOf, load, type Target } from './target.ts'

/** Questions of the wrong form, each with the statuses that a server may answer. */
const wrong: readonly (readonly [name: string, query: Readonly<Record<string, string>>])[] = [
  ['no offset', {}],
  ['an empty offset', { offset: '' }],
  ['an offset of letters', { offset: 'abc' }],
  ['a negative offset', { offset: '-2' }],
  ['half an offset', { offset: '7_' }],
  ['an offset with more behind it', { offset: '0_0; drop table x' }],
  ['an offset without a handle', { offset: '0_0' }],
]

const askAll = async (target: Target): Promise<readonly (readonly [string, Answer])[]> =>
  Promise.all(wrong.map(async ([name, query]) => [name, await ask(target, query)] as const))

const isJson = ({ headers }: Answer): boolean => /^application\/json\b/.test(headers.get('content-type') ?? '')

const messageOf = ({ json }: Answer): unknown =>
  typeof json === 'object' && json !== null && 'message' in json ? json.message : undefined

/** What is refused (SHAPE-PROTOCOL §5). */
export const errorChecks: readonly Check[] = [
  {
    id: 'E01',
    rule: 'a question of the wrong form is a 400 (§2, §4)',
    run: async (target) => {
      for (const [name, { status }] of await askAll(target)) mustBe(status, 400, `the status of ${name}`)
    },
  },
  {
    id: 'E02',
    rule: 'every error is JSON that can be read: an empty or broken body makes the client try for ever (§5)',
    run: async (target) => {
      const place = after(lastOf(await target.loaded()))
      const gone = await ask(target, { ...place, handle: 'a-handle-that-nobody-made' })
      for (const [name, answer] of [...(await askAll(target)), ['an expired handle', gone] as const]) {
        must(isJson(answer), `${name} is not answered as JSON`)
        must(answer.json !== undefined, `the body for ${name} cannot be read`)
      }
    },
  },
  {
    id: 'E03',
    rule: 'every error but 409 says why (§5)',
    run: async (target) => {
      for (const [name, answer] of await askAll(target)) {
        must(typeof messageOf(answer) === 'string', `the body for ${name} has no message`)
      }
    },
  },
  {
    id: 'E04',
    rule: 'no error but 409 may be kept by a cache (§5.1)',
    run: async (target) => {
      for (const [name, { headers }] of await askAll(target)) {
        must(/no-store/.test(headers.get('cache-control') ?? ''), `the answer to ${name} may be kept`)
      }
    },
  },
  {
    id: 'E05',
    rule: 'who does not say who they are is refused with 401 or 403, and JSON (§1)',
    run: async (target) => {
      if (Object.keys(target.headers).length === 0) throw new Skipped('needs --token')
      const answer = await ask({ ...target, headers: {} }, { offset: '-1' })
      must(answer.status === 401 || answer.status === 403, `the status is ${answer.status}`)
      must(isJson(answer) && answer.json !== undefined, 'it is not answered as JSON')
      must(!answer.headers.has('electric-handle'), 'it has a handle')
    },
  },
  {
    id: 'E09',
    rule: 'nobody gets past the sign-in by another spelling of the path (§1)',
    run: async (target) => {
      if (Object.keys(target.headers).length === 0) throw new Skipped('needs --token')
      const { pathname } = new URL(target.url)
      const last = pathname.slice(-1)
      const escaped = `${pathname.slice(0, -1)}%${last.charCodeAt(0).toString(16)}`
      for (const path of [`/${pathname}`, escaped, `${pathname}/`, pathname.toUpperCase()]) {
        const url = new URL(target.url)
        url.pathname = path
        const { status } = await ask({ ...target, url: url.href, headers: {} }, { offset: '-1' })
        must(status >= 400, `the status of ${path} is ${status}`)
      }
    },
  },
  {
    id: 'E06',
    rule: 'nothing that is asked is a fault of the server',
    run: async (target) => {
      const strange = [
        { offset: '-1', handle: 'x'.repeat(5000) },
        { offset: '9'.repeat(400), handle: 'x' },
        { offset: '0_0', handle: "'; drop table x --" },
        { offset: '-1', columns: '\u0000', where: "1=1'" },
        { offset: '-1', cursor: '9'.repeat(100) },
      ]
      for (const query of strange) {
        const { status } = await ask(target, query)
        must(status < 500, `${status} for ${JSON.stringify(query).slice(0, 60)}`)
      }
      const twice = `${target.url}?${new URLSearchParams(target.params).toString()}&offset=-1&offset=0_0`
      const { status } = await target.fetch(twice, { headers: target.headers })
      must(status < 500, `${status} for an offset that comes twice`)
    },
  },
  {
    id: 'E07',
    rule: 'DELETE does not drop a shape that others follow, unless that was switched on (§1)',
    run: async (target) => {
      const place = after(lastOf(await load(target)))
      const { status } = await ask(target, { handle: place.handle }, { method: 'DELETE' })
      if (status === 202) throw new Skipped('it is switched on')
      must(status === 404 || status === 405, `the status is ${status}`)
      mustBe((await ask(target, place)).status, 200, 'the status of the shape afterwards')
    },
  },
  {
    id: 'E08',
    rule: 'too many requests are a 429 or 503 with Retry-After, as JSON (§5)',
    run: async (target) => {
      const flood = needed(target.flood, '--flood')
      const place = { ...after(lastOf(await target.loaded())), handle: 'a-handle-that-nobody-made' }
      const answers = await Promise.all(Array.from({ length: flood }, async () => ask(target, place)))
      const refused = answers.filter(({ status }) => status === 429 || status === 503)
      must(refused.length > 0, `${flood} requests at once were all answered`)
      for (const answer of refused) {
        must(/^\d+$/.test(answer.headers.get('retry-after') ?? ''), 'one has no Retry-After in seconds')
        must(isJson(answer) && answer.json !== undefined, 'one is not answered as JSON')
      }
    },
  },
]
