import { existsSync, readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type Reserve, reserveIn, withReserve } from '../../../src-main/data/disk-reserve.ts'
import { DomainError } from '../../../src-shared/errors.ts'
import { removeFolder, temporaryFolder } from '../../support/store.ts'

const bytes = 3_000_000
let folder: string
let free: number
let reserve: Reserve

beforeEach(() => {
  folder = temporaryFolder()
  free = 10 * bytes
  reserve = reserveIn({ folder, bytes, free: async () => free })
})
afterEach(() => removeFolder(folder))

const file = () => path.join(folder, 'reserve')

describe('the reserve (D4)', () => {
  test('is taken where there is room, given free once, and taken again when there is room again', async () => {
    await reserve.hold()
    const taken = statSync(file()).size
    const released = [reserve.release(), reserve.release()]
    free = 2 * bytes
    await reserve.hold()
    const isThere = existsSync(file())
    const wasMissing = reserve.isMissing()
    free = 10 * bytes
    await reserve.hold()

    expect(taken).toBe(bytes)
    expect(released).toEqual([true, false])
    expect([isThere, wasMissing]).toEqual([false, true])
    expect([statSync(file()).size, reserve.isMissing()]).toEqual([bytes, false])
    expect(readdirSync(folder)).toEqual(['reserve'])
  })

  test('is used once, for what had no room, and for nothing else', async () => {
    await reserve.hold()
    const full = new DomainError('disk_full', 'full')
    let tries = 0
    const failTwice = async (): Promise<string> => {
      tries += 1
      if (tries <= 2) throw full
      return 'saved'
    }

    await expect(withReserve(reserve, () => Promise.reject(new Error('other')))).rejects.toThrow('other')
    await expect(withReserve(reserve, failTwice)).rejects.toBe(full)
    await expect(withReserve(reserve, failTwice)).resolves.toBe('saved')

    expect(tries).toBe(3)
  })
})
