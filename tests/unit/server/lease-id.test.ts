import { randomUUID } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import { createKeys, type ServerKeys } from '../../../sync-server/auth/keys.ts'
import { newLeaseId, provenNotAfter } from '../../../sync-server/auth/lease-id.ts'

const holder = { staffId: randomUUID(), deviceId: randomUUID(), facilityId: randomUUID() }
const notAfter = '2026-12-05T04:07:09.000Z'

let keys: ServerKeys
let id: string

beforeAll(async () => {
  keys = await createKeys()
  id = await newLeaseId(keys.lease, holder, notAfter)
})

describe('the id of a lease', () => {
  test('is a UUID, another one each time', async () => {
    const ids = new Set(await Promise.all(Array.from({ length: 20 }, () => newLeaseId(keys.lease, holder, notAfter))))

    expect(ids.size).toBeGreaterThan(18)
    expect(id).toMatch(/^[\da-f]{8}-[\da-f]{4}-8[\da-f]{3}-8[\da-f]{3}-[\da-f]{12}$/)
  })

  test('says until when it holds, to who has the key and knows whose it is (S5)', async () => {
    expect(await provenNotAfter(keys.lease, id, holder)).toBe(notAfter)
    expect(await provenNotAfter(keys.lease, id.toUpperCase(), holder)).toBe(notAfter)
  })

  test.each([
    ['another person', { staffId: randomUUID() }],
    ['another device', { deviceId: randomUUID() }],
    ['another facility', { facilityId: randomUUID() }],
  ])('proves nothing for %s', async (_name, over) => {
    expect(await provenNotAfter(keys.lease, id, { ...holder, ...over })).toBeUndefined()
  })

  test('proves nothing when a digit is another one, by another key, or when somebody made it up', async () => {
    const changed = Array.from(id, (digit, at) =>
      digit === '-' ? id : id.slice(0, at) + (digit === '0' ? '1' : '0') + id.slice(at + 1),
    )
    const { lease: anotherKey } = await createKeys()

    const proofs = [
      ...(await Promise.all(
        changed.filter((text) => text !== id).map((text) => provenNotAfter(keys.lease, text, holder)),
      )),
      await provenNotAfter(anotherKey, id, holder),
      await provenNotAfter(keys.lease, randomUUID(), holder),
      await provenNotAfter(keys.lease, '', holder),
    ]

    expect(proofs.filter((proof) => proof !== undefined)).toEqual([])
  })
})
