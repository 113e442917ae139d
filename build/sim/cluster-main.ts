/** Keeps the PostgreSQL of a run for as long as its parent lives, and leaves nothing of it. */
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { startEmbeddedPostgres } from '../../sync-server/db/embedded.ts'
import { createTemplate } from './database.ts'

const parentIsGone = once(process, 'disconnect')
const folder = mkdtempSync(path.join(tmpdir(), 'foyer-sim-postgres-'))
try {
  // For root, PostgreSQL runs as another user.
  chmodSync(folder, 0o755)
  const postgres = await startEmbeddedPostgres({ dataFolder: folder, fast: true })
  try {
    const templateUrl = await createTemplate(postgres.socketUrl ?? postgres.url)
    if (process.connected) process.send?.(templateUrl)
    await parentIsGone
  } finally {
    await postgres.stop()
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
