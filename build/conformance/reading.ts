import { type Check, must, mustBe, needed, Skipped } from './check.ts'
import { after, type Answer, ask, changesIn, isAtEnd, isUpToDate, lastOf, load, rowsOf, type Target } from './target.ts'

const offsetForm = /^\d+_(\d+|inf)$/

const firstOf = async (target: Target): Promise<Answer> => {
  const [first] = await target.loaded()
  must(first !== undefined, 'nothing was answered')
  mustBe(first.status, 200, 'the status of offset=-1')
  return first
}

/** Loading from the start, and catching up (SHAPE-PROTOCOL §2-5). */
export const readingChecks: readonly Check[] = [
  {
    id: 'R01',
    rule: 'offset=-1 answers 200 with a JSON array, also when the shape is empty (§5)',
    run: async (target) => {
      const first = await firstOf(target)
      must(Array.isArray(first.json), `the body is no array: ${first.text.slice(0, 80)}`)
      must(/^application\/json\b/.test(first.headers.get('content-type') ?? ''), 'the content type is not JSON')
    },
  },
  {
    id: 'R02',
    rule: 'every 200 has a handle and an offset, or the client gives up for good (§5.1)',
    run: async (target) => {
      for (const { headers, asked } of await target.loaded()) {
        must((headers.get('electric-handle') ?? '') !== '', `no electric-handle after ${asked}`)
        const offset = headers.get('electric-offset') ?? ''
        must(offsetForm.test(offset), `electric-offset after ${asked} is ${JSON.stringify(offset)}`)
      }
    },
  },
  {
    id: 'R03',
    rule: 'every 200 that is not live has the schema as JSON, a type for each column (§5.2)',
    run: async (target) => {
      for (const { headers, asked } of await target.loaded()) {
        const schema: unknown = JSON.parse(headers.get('electric-schema') ?? 'null')
        must(typeof schema === 'object' && schema !== null, `no electric-schema after ${asked}`)
        const types = Object.values(schema).map((column: { readonly type?: unknown }) => typeof column.type)
        must(types.length > 0 && types.every((type) => type === 'string'), 'a column of electric-schema has no type')
      }
    },
  },
  {
    id: 'R04',
    rule: 'the answer to offset=-1 never says up-to-date (§4)',
    run: async (target) => {
      const first = await firstOf(target)
      must(!first.headers.has('electric-up-to-date'), 'it has the header electric-up-to-date')
      must(!isUpToDate(first), 'it ends with up-to-date')
    },
  },
  {
    id: 'R05',
    rule: 'a load comes to up-to-date, each answer advancing the offset: equal offsets are a loop to the client (§4)',
    run: async (target) => {
      const answers = await target.loaded()
      for (const answer of answers) {
        mustBe(answer.status, 200, `the status of offset=${answer.asked}`)
        must(after(answer).offset !== answer.asked || isUpToDate(answer), `the offset stays at ${answer.asked}`)
      }
      must(isUpToDate(lastOf(answers)), 'it never says up-to-date')
    },
  },
  {
    id: 'R06',
    rule: 'the header electric-up-to-date stands exactly where the body ends with up-to-date, which is its last message',
    run: async (target) => {
      for (const answer of await target.loaded()) {
        mustBe(answer.headers.has('electric-up-to-date'), isUpToDate(answer), 'electric-up-to-date')
        const early = answer.messages.slice(0, -1).some(({ headers }) => headers?.['control'] === 'up-to-date')
        must(!early, 'up-to-date comes before the end of a body')
      }
    },
  },
  {
    id: 'R07',
    rule: 'up-to-date names a position that never goes back (§4.2)',
    run: async (target) => {
      const [before, again] = [lastOf(await target.loaded()), lastOf(await load(target))]
      must(positionOf(again) >= positionOf(before), 'global_last_seen_lsn went back')
    },
  },
  {
    id: 'R08',
    rule: 'no electric-cursor outside live answers: a resumed client would swallow its first up-to-date (§9.3)',
    run: async (target) => {
      const withCursor = (await target.loaded()).filter(({ headers }) => headers.has('electric-cursor'))
      mustBe(withCursor.length, 0, 'the number of answers with electric-cursor')
    },
  },
  {
    id: 'R09',
    rule: 'messages of a load are inserts with a key, and values that are text or null (§4.1, §4.2)',
    run: async (target) => {
      const changes = (await target.loaded()).flatMap(changesIn)
      if (changes.length === 0) throw new Skipped('the shape is empty')
      for (const { key, value, headers } of changes) {
        mustBe(typeof key, 'string', 'the type of a key')
        mustBe(headers['operation'], 'insert', `the operation of ${key}`)
        const wrong = Object.entries(value ?? {}).find(([, cell]) => cell !== null && typeof cell !== 'string')
        must(wrong === undefined, `${wrong?.[0] ?? ''} of ${key ?? ''} is not text`)
      }
    },
  },
  {
    id: 'R10',
    rule: 'no key comes twice in a load',
    run: async (target) => {
      const keys = (await target.loaded()).flatMap(changesIn).map(({ key }) => key)
      mustBe(new Set(keys).size, keys.length, 'the number of different keys')
    },
  },
  {
    id: 'R11',
    rule: 'the handle stays the same through a load (§3)',
    run: async (target) => {
      const handles = (await target.loaded()).map(({ headers }) => headers.get('electric-handle'))
      mustBe(new Set(handles).size, 1, 'the number of handles')
    },
  },
  {
    id: 'R12',
    rule: 'a second load brings the same rows',
    run: async (target) => {
      const [first, second] = [rowsOf(await load(target)), rowsOf(await load(target))]
      must(isSame(first, second), `the loads differ: ${first.size} and ${second.size} rows`)
    },
  },
  {
    id: 'R13',
    rule: 'what is up to date and asks again is told so at once, in one message (§5)',
    run: async (target) => {
      const again = await ask(target, after(lastOf(await load(target))))
      mustBe(again.status, 200, 'the status')
      mustBe(again.messages.length, 1, 'the number of messages')
      must(isUpToDate(again), 'it does not say up-to-date')
    },
  },
  {
    id: 'R14',
    rule: 'the same question twice has the same answer',
    run: async (target) => {
      const [first] = await target.loaded()
      must(first !== undefined, 'nothing was answered')
      const [one, two] = [await ask(target, after(first)), await ask(target, after(first))]
      mustBe(JSON.stringify(two.messages.filter(isChange)), JSON.stringify(one.messages.filter(isChange)), 'the second')
    },
  },
  {
    id: 'R15',
    rule: 'after a change only what follows the offset is sent (§4)',
    run: async (target) => {
      const change = needed(target.change, '--change')
      const before = lastOf(await load(target))
      await change()
      const news = changesIn(lastOf(await catchUp(target, before)))
      must(news.length > 0, 'the change is not there')
      const all = rowsOf(await load(target)).size
      must(news.length < all || all <= 1, `${news.length} changes came, as many as a load has`)
    },
  },
  {
    id: 'R16',
    rule: 'who catches up shows what who loads shows',
    run: async (target) => {
      const change = needed(target.change, '--change')
      const before = await load(target)
      await change()
      const caughtUp = rowsOf([...before, ...(await catchUp(target, lastOf(before)))])
      must(isSame(latest(caughtUp), latest(rowsOf(await load(target)))), 'they differ')
    },
  },
  {
    id: 'R17',
    rule: 'parameters that the protocol does not know are no matter, nor is their order (§2)',
    run: async (target) => {
      const strange = await ask(target, { zzz: '1', 'cache-buster': '7', offset: '-1' })
      mustBe(strange.status, 200, 'the status')
      must(isSame(rowsOf([strange]), rowsOf([await ask(target, { offset: '-1' })])), 'the rows differ')
    },
  },
  {
    id: 'R18',
    rule: 'HEAD has the headers of GET and no body (§1)',
    run: async (target) => {
      const head = await ask(target, { offset: '-1' }, { method: 'HEAD' })
      mustBe(head.status, 200, 'the status')
      mustBe(head.text, '', 'the body')
      must(offsetForm.test(head.headers.get('electric-offset') ?? ''), 'no electric-offset')
    },
  },
  {
    id: 'R19',
    rule: 'answers can be compressed',
    run: async (target) => {
      const packed = await ask(target, { offset: '-1' }, { headers: { 'accept-encoding': 'gzip' } })
      mustBe(packed.status, 200, 'the status')
      must(Array.isArray(packed.json), 'the body cannot be read')
    },
  },
]

const isChange = (message: { readonly key?: string }): boolean => message.key !== undefined

const positionOf = (answer: Answer): bigint => {
  const position = answer.messages.at(-1)?.headers?.['global_last_seen_lsn']
  must(typeof position === 'string' && /^\d+$/.test(position), 'up-to-date has no global_last_seen_lsn')
  return BigInt(position)
}

const catchUp = async (target: Target, from: Answer): Promise<readonly Answer[]> => {
  const answers = [await ask(target, after(from))]
  for (let last = lastOf(answers); !isAtEnd(last); last = lastOf(answers)) {
    answers.push(await ask(target, after(last)))
  }
  return answers
}

export const isSame = (left: ReadonlyMap<string, string>, right: ReadonlyMap<string, string>): boolean =>
  left.size === right.size && [...left].every(([key, row]) => right.get(key) === row)

/**
 * A log whose keys are its positions sends each version of a row under a new key, and leaves out, to who loads, the ones
 * that are over. Only the newest of each row counts; any other shape is left as it is.
 */
const latest = (rows: ReadonlyMap<string, string>): ReadonlyMap<string, string> => {
  const newest = new Map<string, string>()
  for (const [key, text] of rows) {
    const row = JSON.parse(text) as Readonly<Record<string, string | null>>
    const isLog = row['table_name'] !== undefined && row['row_id'] !== undefined
    if (isLog && row['row'] === null) newest.delete(`${row['table_name']}/${row['row_id']}`)
    else newest.set(isLog ? `${row['table_name']}/${row['row_id']}` : key, text)
  }
  return newest
}
