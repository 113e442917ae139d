import { hash } from 'node:crypto'
import type { TextHash } from '../../../src-shared/replica/digest.ts'

/** As the server does it (sync-server/digests/hash.ts). */
export const textHash: TextHash = (text) => hash('sha256', text, 'binary')
