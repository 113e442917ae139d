import { closeSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openDesk } from '../../src-main/data/desk/open.ts'
import { reopeningDesk } from '../../src-main/data/desk/reopening-desk.ts'
import { systemEnvironment } from '../../src-main/data/environment.ts'
import type { MutationEnvelope } from '../../src-shared/contract/http.ts'
import { removeFolder, temporaryFolder } from '../support/store.ts'
import { damagePage } from './support/damage.ts'
import { mount, unmount, whyNoMount } from './support/small-disk.ts'

const missing = whyNoMount()
const key = new Uint8Array(32).fill(7)
/** Some 700 KB. */
const saved = 700

const envelope = (seq: number): MutationEnvelope => ({
  id: `01990000-0000-7000-8000-${seq.toString().padStart(12, '0')}`,
  seq,
  command: 'check_in.record',
  version: 1,
  args: { note: 'x'.repeat(700) },
  staff_id: '01990000-0000-7000-8000-000000000001',
  lease_id: '01990000-0000-7000-8000-000000000002',
  at: '2026-11-21T05:12:00.000Z',
  hlc: '019000000000-0000-00000001',
  series_number: null,
})

const open = (folder: string) => reopeningDesk(() => openDesk(systemEnvironment.disk, folder, key))

/** Leaves so many bytes on the disk of this folder. */
const fillBut = (file: string, left: number): void => {
  const { bavail, bsize } = statfsSync(path.dirname(file))
  const handle = openSync(file, 'w')
  writeSync(handle, Buffer.alloc(Math.max(0, bavail * bsize - left)))
  closeSync(handle)
}

describe.skipIf(missing !== undefined)(
  `a damaged desk.db on a disk with little room${missing === undefined ? '' : ` (skipped: ${missing})`}`,
  () => {
    let folder: string

    beforeEach(() => {
      folder = temporaryFolder()
      mount(folder, '24m')
      const desk = open(folder)
      for (let seq = 1; seq <= saved; seq += 1) desk.commitMutation(envelope(seq), undefined)
      desk.close()
    })
    afterEach(() => {
      unmount(folder)
      removeFolder(folder)
    })

    test.each([600, 1000, 1100, 1200, 1600, 2000])(
      'is rescued whole as soon as there is room, with %i KB first (D4, D7)',
      (kilobytes) => {
        damagePage(path.join(folder, 'desk.db'), 30)
        const filler = path.join(folder, 'filler')
        fillBut(filler, kilobytes * 1024)
        let why: unknown = 'opened'
        try {
          open(folder).close()
        } catch (error) {
          why = (error as { code?: string }).code
        }
        rmSync(filler)

        const desk = open(folder)
        const kept = desk.mutationsAfter(0, saved)
        desk.close()

        expect(['opened', 'disk_full']).toContain(why)
        // A page holds no more than these.
        expect(kept.length).toBeGreaterThanOrEqual(saved - 4)
      },
    )
  },
)
