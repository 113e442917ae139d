import { type Check, must, mustBe, needed, Skipped } from './check.ts'
import { isSame } from './reading.ts'
import { after, type Answer, ask, changesIn, isUpToDate, lastOf, load, rowsOf, type Target } from './target.ts'

const nobodysHandle = 'a-handle-that-nobody-made'

const expired = async (target: Target): Promise<Answer> => {
  const place = after(lastOf(await target.loaded()))
  return ask(target, { ...place, handle: nobodysHandle })
}

/** Whether an offset lies behind `0_1`. */
const isLater = (offset: string): boolean => {
  const [tx = '', op = ''] = offset.split('_')
  return Number(tx) > 0 || op === 'inf' || Number(op) > 1
}

/** Shapes that are gone (SHAPE-PROTOCOL §3, §9). */
export const expiryChecks: readonly Check[] = [
  {
    id: 'X01',
    rule: 'a handle that is not known answers 409 with must-refetch (§3)',
    run: async (target) => {
      const answer = await expired(target)
      mustBe(answer.status, 409, 'the status')
      mustBe(answer.messages[0]?.headers?.['control'], 'must-refetch', 'the control of its message')
    },
  },
  {
    id: 'X02',
    rule: 'the 409 names a new handle (§3)',
    run: async (target) => {
      const handle = (await expired(target)).headers.get('electric-handle') ?? ''
      must(handle !== '' && handle !== nobodysHandle, `electric-handle is ${JSON.stringify(handle)}`)
    },
  },
  {
    id: 'X03',
    rule: 'with the handle of the 409 a load from the start goes through to its end',
    run: async (target) => {
      const handle = (await expired(target)).headers.get('electric-handle') ?? ''
      const answers = await load(target, { handle, expired_handle: nobodysHandle, 'cache-buster': '1' })
      must(isUpToDate(lastOf(answers)), `it ends with ${lastOf(answers).status}`)
      mustBe(after(lastOf(answers)).handle, handle, 'its handle')
    },
  },
  {
    id: 'X04',
    rule: 'the handle that a client saw expire is never answered with (§2)',
    run: async (target) => {
      const answer = await ask(target, { offset: '-1', expired_handle: nobodysHandle, handle: nobodysHandle })
      must(after(answer).handle !== nobodysHandle, 'it is answered with')
    },
  },
  {
    id: 'X05',
    rule: 'an offset where the shape has never been sends to the start, and is never called up to date (§4)',
    run: async (target) => {
      const { handle } = after(lastOf(await load(target)))
      const answer = await ask(target, { offset: '900000000000000_0', handle })
      mustBe(answer.status, 409, 'the status (400 leaves the official client stuck)')
    },
  },
  {
    id: 'X06',
    rule: 'an offset between two entries is as good as any (§4)',
    run: async (target) => {
      const { handle } = after(lastOf(await load(target)))
      const answer = await ask(target, { offset: '0_1', handle })
      must(answer.status === 200 || answer.status === 409, `the status is ${answer.status}`)
    },
  },
  {
    id: 'X07',
    rule: 'a live request with a handle that is not known is a 409 at once, not a wait',
    run: async (target) => {
      const place = after(lastOf(await target.loaded()))
      const startedAt = performance.now()
      const answer = await ask(target, { ...place, handle: nobodysHandle, live: 'true' })
      mustBe(answer.status, 409, 'the status')
      must(performance.now() - startedAt < 5000, 'it took longer than five seconds')
    },
  },
  {
    id: 'X08',
    rule: 'a restart of the server ends no shape: the same handle and offset go on (§9)',
    run: async (target) => {
      const restart = needed(target.restart, '--restart')
      const before = lastOf(await load(target))
      await restart()
      const answer = await ask(target, after(before))
      mustBe(answer.status, 200, 'the status')
      mustBe(after(answer).handle, after(before).handle, 'the handle')
    },
  },
  {
    id: 'X09',
    rule: 'a shape that is given up answers 409 to its handle for ever, with another one (§3)',
    run: async (target) => {
      const expire = needed(target.expire, '--expire')
      const before = lastOf(await load(target))
      await expire()
      const [first, second] = [await ask(target, after(before)), await ask(target, { ...after(before), live: 'true' })]
      mustBe(first.status, 409, 'the status')
      mustBe(second.status, 409, 'the status of a live request')
      must(after(first).handle !== after(before).handle, 'the handle is the same')
      must(isSame(rowsOf(await load(target)), rowsOf(await load(target))), 'loads differ afterwards')
    },
  },
  {
    id: 'X10',
    rule: 'the 409 to a live request names a new handle too (§3)',
    run: async (target) => {
      const place = after(lastOf(await target.loaded()))
      const { handle } = after(await ask(target, { ...place, handle: nobodysHandle, live: 'true' }))
      must(handle !== '' && handle !== nobodysHandle, `electric-handle is ${JSON.stringify(handle)}`)
    },
  },
  {
    id: 'X11',
    rule: 'from an offset between two entries comes all that lies behind it (§4)',
    run: async (target) => {
      const whole = await load(target)
      const { handle } = after(lastOf(whole))
      const rest = await load(target, { offset: '0_1', handle })
      if (rest[0]?.status === 409) throw new Skipped('it is sent to the start')
      const keys = new Set(rest.flatMap(changesIn).map(({ key }) => key))
      const behind = whole.filter(({ asked }) => isLater(asked)).flatMap(changesIn)
      if (behind.length === 0) throw new Skipped('one answer holds the shape')
      mustBe(behind.filter(({ key }) => !keys.has(key)).length, 0, 'the number of rows that are left out')
    },
  },
]
