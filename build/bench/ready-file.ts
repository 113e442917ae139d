import { createReadStream, createWriteStream, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { constants, createZstdCompress, createZstdDecompress } from 'node:zlib'

/** Seconds that a ready file takes over HTTP to another place on the disk: packed before, not encrypted, not opened. */
export const shipReadyFile = async (file: string, folder: string): Promise<{ seconds: number; megabytes: number }> => {
  const packed = join(folder, 'ready.zst')
  const copy = join(folder, 'ready-copy.db')
  const level = { params: { [constants.ZSTD_c_compressionLevel]: 3 } }
  await pipeline(createReadStream(file), createZstdCompress(level), createWriteStream(packed))
  const server = createServer((_, response) => createReadStream(packed, { highWaterMark: 1 << 20 }).pipe(response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('No port')
    const begin = performance.now()
    const { body } = await fetch(`http://127.0.0.1:${address.port}/`)
    if (!body) throw new Error('No body')
    await pipeline(Readable.fromWeb(body), createZstdDecompress({ chunkSize: 1 << 20 }), createWriteStream(copy))
    return { seconds: (performance.now() - begin) / 1000, megabytes: statSync(packed).size / 1e6 }
  } finally {
    server.close()
    for (const each of [packed, copy]) rmSync(each, { force: true })
  }
}
