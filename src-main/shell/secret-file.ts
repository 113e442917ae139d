import { randomBytes } from 'node:crypto'
import { link, open, readFile, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ShellError } from './shell-error.ts'

const secretBytes = 32

/** A new device secret: 32 random bytes, base64url. */
export const newSecret = (): string => randomBytes(secretBytes).toString('base64url')

/** Throws ShellError unless the text is a device secret. */
export const checkSecret = (text: string, where: string): string => {
  const secret = text.trim()
  if (/^[\w-]+$/.test(secret) && Buffer.from(secret, 'base64url').length === secretBytes) return secret
  throw new ShellError(`${where} does not hold a device secret: ${restoreIt}`)
}

/**
 * The device secret in `<profile>/device-secret` (0600). It is made once, whole or not at all. A file that is there but
 * cannot be read is an error and never replaced: a new secret could not open what the old one has locked.
 */
export const readSecretFile = async (profileFolder: string): Promise<string> => {
  const file = join(profileFolder, 'device-secret')
  return checkSecret((await readIfThere(file))?.toString('utf8') ?? (await createSecret(file)), file)
}

/** The bytes of a file; undefined if there is none. Any other trouble is a ShellError. */
export const readIfThere = async (file: string): Promise<Buffer | undefined> => {
  try {
    return await readFile(file)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    const reason = error instanceof Error ? error.message : String(error)
    throw new ShellError(`${file} cannot be read (${reason}): ${restoreIt}`)
  }
}

const createSecret = async (file: string): Promise<string> => {
  const secret = newSecret()
  await createPrivateFile(file, Buffer.from(`${secret}\n`))
  return secret
}

/** Creates a file that only we can read and that a power cut leaves whole or not there. Fails if it exists. */
export const createPrivateFile = async (file: string, bytes: Buffer): Promise<void> => {
  const unfinished = `${file}.${randomBytes(6).toString('hex')}`
  try {
    const handle = await open(unfinished, 'wx', 0o600)
    try {
      await handle.writeFile(bytes)
      await handle.sync()
    } finally {
      await handle.close()
    }
    // Unlike a rename, a link never replaces a file that appeared meanwhile.
    await link(unfinished, file)
  } finally {
    await rm(unfinished, { force: true })
  }
  await syncFolder(dirname(file))
}

const syncFolder = async (folder: string): Promise<void> => {
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

const restoreIt = 'bring it back from a backup. Without it the data on this computer cannot be opened.'
