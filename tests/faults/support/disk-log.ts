import { readFileSync } from 'node:fs'

/** One change of the disk, or a line of the program in between. */
export interface DiskChange {
  readonly kind: 'create' | 'write' | 'truncate' | 'sync' | 'unlink' | 'rename' | 'mark'
  /** The text of a mark. */
  readonly path: string
  /** Of a write; the length that a file is cut to. */
  readonly offset: number
  /** What was written; the new name of a renamed file. */
  readonly data: Buffer
}

const kinds: Readonly<Record<string, DiskChange['kind']>> = {
  C: 'create',
  W: 'write',
  T: 'truncate',
  S: 'sync',
  U: 'unlink',
  R: 'rename',
  M: 'mark',
}

const headBytes = 21

/** What the shim has logged (disk-shim.c says in which form). */
export const readDiskLog = (file: string): readonly DiskChange[] => {
  const bytes = readFileSync(file)
  const changes: DiskChange[] = []
  for (let at = 0; at < bytes.length;) {
    const kind = kinds[String.fromCharCode(bytes.readUInt8(at))]
    if (!kind) throw new Error(`The log of the disk is not one at ${at}`)
    const pathEnd = at + headBytes + bytes.readUInt32LE(at + 1)
    const end = pathEnd + Number(bytes.readBigUInt64LE(at + 13))
    changes.push({
      kind,
      path: bytes.toString('utf8', at + headBytes, pathEnd),
      offset: Number(bytes.readBigUInt64LE(at + 5)),
      data: bytes.subarray(pathEnd, end),
    })
    at = end
  }
  return changes
}
