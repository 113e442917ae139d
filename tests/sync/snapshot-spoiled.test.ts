import { describe, expect, test } from 'vitest'
import type { ReplicaWork } from '../../src-main/data/snapshot/replica-work.ts'
import { openDesk } from '../support/desk.ts'
import { recorded, snapshotDesks, watched } from '../support/snapshot-desks.ts'
import { addFamilies } from '../support/snapshots.ts'
import { temporaryFolder } from '../support/store.ts'
import { password, signInName } from '../support/sync-server.ts'
import { until } from '../support/until.ts'

const { server, manifest, publish, keep, newDesk, deskOfTheLog, expectAlike } = snapshotDesks()

const isPart = ({ pathname }: URL): boolean => pathname === '/v1/snapshot/part'
const bytesOf = async (response: Response): Promise<Uint8Array<ArrayBuffer>> =>
  new Uint8Array(await response.arrayBuffer())

describe('a load that is cut', () => {
  test.each(['before', 'after'] as const)('by a kill %s any part goes on with the next one (D1)', async (when) => {
    const folder = temporaryFolder()
    const loaded: number[] = []
    const desk = openDesk({ folder })
    keep(desk)
    await desk.call('device.enroll', { code: await server().newCode(), name: 'Desk', server_url: server().url() })
    await desk.stop()

    for (const part of manifest().parts.keys()) {
      let isKilled = false
      const kill = (number: number): void => {
        if (number !== part) return
        isKilled = true
        throw new Error('killed')
      }
      const work = watched({
        before: (number) => {
          if (when === 'before') kill(number)
          loaded.push(number)
        },
        after: (number) => when === 'after' && kill(number),
      })
      // A killed program does not say that its load has failed, and deletes nothing.
      const forever: ReplicaWork = { ...work, addPart: hangingWhenKilled(work.addPart) }
      const victim = openDesk({ folder, work: forever })
      await victim.call('session.sign_in', { sign_in_name: signInName, password })
      await until(() => isKilled)
      await victim.stop()
    }
    const last = openDesk({ folder })
    keep(last)
    await last.signIn()

    expect(loaded).toEqual(when === 'after' ? [...manifest().parts.keys()] : [...manifest().parts.keys()].slice(0, -1))
    await expectAlike(last, await deskOfTheLog())
  })

  test('by the line at any byte goes on with that byte (N4)', async () => {
    let cuts = 0
    const { line, asked } = recorded(async (url, response) => {
      if (!isPart(url)) return response
      const bytes = await bytesOf(response)
      if (cuts >= manifest().parts.length || bytes.length < 2) return new Response(bytes)
      cuts += 1
      const some = bytes.subarray(0, 1 + ((cuts * 7919) % (bytes.length - 1)))
      return new Response(cutAfter(some))
    })

    const desk = await newDesk({ fetch: line })

    const begins = asked.filter(isPart).map(({ searchParams }) => Number(searchParams.get('from')))
    expect(begins.filter((from) => from > 0).length).toBeGreaterThan(manifest().parts.length / 2)
    await expectAlike(desk, await deskOfTheLog())
  })

  test('because the snapshot was replaced begins with the new one', async () => {
    let isReplaced = false
    const { line } = recorded(async (url, response) => {
      if (!isPart(url) || url.searchParams.get('part') !== '1' || isReplaced) return response
      isReplaced = true
      // Two newer ones push it out.
      for (const name of ['Wald', 'Tal']) {
        await addFamilies(server(), 5, name)
        await publish()
      }
      return response
    })

    const desk = await newDesk({ fetch: line })

    await expectAlike(desk, await deskOfTheLog())
  })
})

const cutAfter = (bytes: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array<ArrayBuffer>> =>
  new ReadableStream({
    start: (controller) => controller.enqueue(bytes),
    pull: (controller) => controller.error(new Error('cut')),
  })

const hangingWhenKilled =
  (addPart: ReplicaWork['addPart']): ReplicaWork['addPart'] =>
  async (...args) => {
    try {
      await addPart(...args)
    } catch (error) {
      if (error instanceof Error && error.message === 'killed') return new Promise(() => undefined)
      throw error
    }
  }

describe('a snapshot that is of no use', () => {
  const garble = (bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> => {
    const [middle] = [bytes.length >> 1]
    bytes[middle] = (bytes[middle] ?? 0) ^ 1
    return bytes
  }

  test('for a moment, because a bit turned over on its way, is asked for again', async () => {
    let isGarbled = false
    const { line, fromTheStart } = recorded(async (url, response) => {
      if (!isPart(url) || isGarbled) return response
      isGarbled = true
      return new Response(garble(await bytesOf(response)))
    })

    const desk = await newDesk({ fetch: line })

    expect(fromTheStart()).toEqual([])
    await expectAlike(desk, await deskOfTheLog())
  })

  test.each([
    [
      'because a part is always damaged',
      async (url: URL, response: Response) =>
        isPart(url) && url.searchParams.get('part') === '2' ? new Response(garble(await bytesOf(response))) : response,
    ],
    [
      'because it was made by a newer server',
      async (url: URL, response: Response) =>
        url.pathname === '/v1/snapshot' ? Response.json({ ...manifest(), fingerprint: 'f'.repeat(64) }) : response,
    ],
    [
      'because its manifest has another form',
      async (url: URL, response: Response) =>
        url.pathname === '/v1/snapshot' ? Response.json({ hello: 'there' }) : response,
    ],
    [
      'because the server cannot read it',
      async (url: URL, response: Response) => (isPart(url) ? new Response('{}', { status: 403 }) : response),
    ],
    [
      'because something on the way shows a page in place of its parts, but not of the log (F10)',
      async (url: URL, response: Response) =>
        isPart(url) ? new Response('Blocked', { headers: { 'content-type': 'text/html' } }) : response,
    ],
  ] as const)('%s, leaves the work to the log', async (_why, answer) => {
    const { line, fromTheStart } = recorded(answer)

    // Without chance the pauses are short.
    const desk = await newDesk({ fetch: line, random: () => 0 })

    expect(fromTheStart().length).toBeGreaterThan(0)
    await expectAlike(desk, await deskOfTheLog())
  })

  test('because the server was restored while it came, leaves the work to the log (S5, N7)', async () => {
    const { line, fromTheStart } = recorded(async (url, response) => {
      if (isPart(url) && url.searchParams.get('part') === '1') {
        await server().sql(`select sync.renew_epoch(epoch, 'restored') from server_epoch`)
      }
      return response
    })

    const desk = await newDesk({ fetch: line })

    expect(fromTheStart().length).toBeGreaterThan(0)
    await expectAlike(desk, await deskOfTheLog())
  })
})
