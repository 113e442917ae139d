import { setTimeout as delay } from 'node:timers/promises'
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import { beforeAll, describe, expect, test } from 'vitest'
import { createHandOver, type Release } from '../../../src-main/data/sync/hand-over.ts'
import { Outage, type Server } from '../../../src-main/data/sync/server.ts'
import { releaseAudience, releaseType } from '../../../src-shared/contract/release.ts'
import { environmentWith } from '../../support/environment.ts'

const deviceId = '01990000-0000-7000-8000-000000000001'
const signedAtMs = Date.parse('2026-11-27T05:00:00.000Z')

interface Asked {
  readonly up_to: number
  readonly nonce: string
}

let key: CryptoKey
let otherKey: CryptoKey
let leaseKey: JWK
beforeAll(async () => {
  const pair = await generateKeyPair('EdDSA', { extractable: true })
  key = pair.privateKey
  leaseKey = await exportJWK(pair.publicKey)
  otherKey = (await generateKeyPair('EdDSA')).privateKey
})

interface Signing {
  readonly by?: CryptoKey
  readonly subject?: string
  readonly audience?: string
  readonly type?: string
}

const sign = async (
  asked: Asked,
  { by = key, subject = deviceId, audience = releaseAudience, type = releaseType }: Signing = {},
): Promise<string> =>
  new SignJWT({ ...asked })
    .setProtectedHeader({ alg: 'EdDSA', typ: type })
    .setAudience(audience)
    .setSubject(subject)
    .setIssuedAt(signedAtMs / 1000)
    .sign(by)

/** Begins it; each `look` is five seconds later. */
const start = (
  answer: (asked: Asked) => Promise<object>,
  doneUpTo: () => number | undefined = () => 7,
  onSend = (): void => undefined,
) => {
  const asked: Asked[] = []
  const released: Release[] = []
  const faults: unknown[] = []
  let timer: (() => void) | undefined
  let sent = 0
  const server: Pick<Server, 'post'> = {
    async post(_path, body, schema) {
      asked.push(body as Asked)
      return schema.parse(await answer(body as Asked))
    },
  }
  const { clock, bytes } = environmentWith({})
  const handOver = createHandOver({
    deviceId,
    leaseKey,
    server,
    environment: {
      bytes,
      clock: {
        ...clock,
        after: (_milliseconds, work) => {
          timer = work
          return () => (timer = undefined)
        },
      },
    },
    sendAll: () => {
      onSend()
      sent += 1
    },
    doneUpTo,
    onReleased: (release) => released.push(release),
    onFault: (fault) => faults.push(fault),
  })
  handOver.begin()
  const look = async (): Promise<void> => {
    const due = timer
    timer = undefined
    due?.()
    // As long as a signature takes.
    await delay(20)
  }
  return { handOver, look, asked, released, faults, sent: () => sent, isOn: () => timer !== undefined }
}

describe('a device that somebody has called revoked (U7)', () => {
  test('sends all, and goes by the word that the server has signed', async () => {
    const { look, released, sent } = start(async (asked) => ({ state: 'released', release: await sign(asked) }))

    await look()

    expect(sent()).toBe(1)
    expect(released).toEqual([{ upTo: 7, at: '2026-11-27T05:00:00.000Z' }])
  })

  test('asks for nothing while something is not answered', async () => {
    const world: { done?: number } = {}
    const { look, asked } = start(
      async (each) => ({ state: 'released', release: await sign(each) }),
      () => world.done,
    )

    await look()
    expect(asked).toEqual([])
    world.done = 3
    await look()

    expect(asked).toMatchObject([{ up_to: 3 }])
  })

  test('goes on as before when it is not, and begins anew when it is later', async () => {
    const { handOver, look, isOn, sent, released } = start(async () => ({ state: 'kept' }))

    await look()
    expect(isOn()).toBe(false)
    handOver.begin()

    expect([isOn(), sent(), released]).toEqual([true, 2, []])
  })

  test('sends all again where the server has lost some of it', async () => {
    const { look, sent, released } = start(async () => ({ state: 'missing' }))

    await look()
    await look()

    expect([sent(), released]).toEqual([3, []])
  })

  test('asks for nothing before all could be sent', async () => {
    const world = { isFailing: true }
    const { look, asked, sent, faults } = start(
      async (each) => ({ state: 'released', release: await sign(each) }),
      () => 7,
      () => {
        if (world.isFailing) throw new Error('The disk failed')
      },
    )

    await look()
    const before = asked.length
    world.isFailing = false
    await look()
    await look()

    expect([before, sent(), faults.length, asked.length]).toEqual([0, 1, 2, 1])
  })

  test('asks again after an outage', async () => {
    let isOut = true
    const { look, released, faults } = start(async (asked) => {
      if (isOut) throw new Outage(new Error('cut'))
      return { state: 'released', release: await sign(asked) }
    })

    await look()
    isOut = false
    await look()

    expect([released.length, faults]).toEqual([1, []])
  })

  test.each<readonly [string, (asked: Asked) => Promise<string>]>([
    ['by another key', async (asked) => sign(asked, { by: otherKey })],
    ['for another device', async (asked) => sign(asked, { subject: '01990000-0000-7000-8000-000000000002' })],
    ['for another use', async (asked) => sign(asked, { audience: 'foyer' })],
    ['in another form', async (asked) => sign(asked, { type: 'at+jwt' })],
    ['another time', async (asked) => sign({ ...asked, nonce: 'another-time-it-was' })],
    ['for less work', async (asked) => sign({ ...asked, up_to: 6 })],
    ['by nobody', async () => 'released'],
  ])('does not go by what was signed %s', async (_how, release) => {
    const { look, released, faults } = start(async (asked) => ({ state: 'released', release: await release(asked) }))

    await look()

    expect(released).toEqual([])
    expect(faults).toHaveLength(1)
  })

  test('is told nothing after it was stopped', async () => {
    const { handOver, look, released, isOn } = start(async (asked) => {
      handOver.stop()
      return { state: 'released', release: await sign(asked) }
    })

    await look()

    expect([released, isOn()]).toEqual([[], false])
  })
})
