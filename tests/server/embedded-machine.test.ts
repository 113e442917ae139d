import { chmod, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { prepareBinaries } from '../../sync-server/db/embedded-binaries.ts'
import { choosePlace, rootFolder } from '../../sync-server/db/embedded-place.ts'
import { findOrCreateUser, isRoot, run } from '../../sync-server/db/embedded-user.ts'
import { ask, copyOfBinaries, serverPid, start, temporaryFolder } from '../support/embedded-server.ts'

describe('the binaries', () => {
  test('are mended where npm ran no install scripts', async () => {
    const binaries = await copyOfBinaries(await temporaryFolder())
    const { user } = await choosePlace(await temporaryFolder(), () => undefined)
    const libraries = join(binaries.folder, 'lib')
    for (const entry of await readdir(libraries, { withFileTypes: true })) {
      if (entry.isSymbolicLink()) await rm(join(libraries, entry.name))
    }
    await chmod(join(binaries.folder, 'bin', 'postgres'), 0o644)

    const prepared = await prepareBinaries(binaries, await temporaryFolder(), user)

    expect(prepared.folder).toBe(binaries.folder)
    expect((await run(user, join(prepared.folder, 'bin', 'postgres'), ['--version'])).output).toContain('18')
  })

  test('that do not run at all give a clear error', async () => {
    const binaries = await copyOfBinaries(await temporaryFolder())
    await writeFile(join(binaries.folder, 'bin', 'postgres'), 'not a program')

    await expect(prepareBinaries(binaries, await temporaryFolder(), undefined)).rejects.toThrow(
      /^The embedded PostgreSQL does not run on this computer: set DATABASE_URL/,
    )
  })
})

describe.runIf(isRoot())('as root', () => {
  test('the server and its data belong to another user', async () => {
    const dataFolder = await temporaryFolder()
    await start({ dataFolder })

    const { uid } = await stat(`/proc/${await serverPid(dataFolder)}`)

    expect(uid).not.toBe(0)
    expect((await stat(join(dataFolder, 'cluster', 'data'))).uid).toBe(uid)
  })

  test('a folder that this user cannot enter is replaced by one that it can, and stays so', async () => {
    const closed = await temporaryFolder()
    await chmod(closed, 0o700)
    const dataFolder = join(closed, 'data')
    const lines: string[] = []
    const first = await start({ dataFolder, log: (line) => lines.push(line) })
    await ask(first.url, 'create table kept as select 42 as answer')
    const used = await ask(first.url, `select current_setting('data_directory') as answer`)
    const fallback = join(String(used), '..', '..')
    onTestFinished(() => rm(fallback, { recursive: true }))
    await first.stop()
    await chmod(closed, 0o755)

    const second = await start({ dataFolder })

    expect(fallback.startsWith(`${rootFolder}/`)).toBe(true)
    expect(lines).toContain(`The PostgreSQL user cannot enter ${dataFolder}, so the database is kept in ${fallback}.`)
    expect(await ask(second.url, 'select answer from kept')).toBe(42)
    await second.stop()
  })

  test('data that their user can no longer enter are not replaced by an empty database', async () => {
    const dataFolder = await temporaryFolder()
    await (await start({ dataFolder })).stop()
    await chmod(dataFolder, 0o700)

    await expect(start({ dataFolder })).rejects.toThrow(/can no longer enter that folder: allow it \(chmod o\+x/)
  })

  test('binaries that this user cannot reach are copied once', async () => {
    const closed = await temporaryFolder()
    const binaries = await copyOfBinaries(closed)
    await chmod(closed, 0o700)
    const copies = await temporaryFolder()
    const user = await findOrCreateUser('postgres')

    const first = await prepareBinaries(binaries, copies, user)
    const { birthtimeMs } = await stat(first.folder)
    const [second, third] = await Promise.all([
      prepareBinaries(binaries, copies, user),
      prepareBinaries(binaries, copies, user),
    ])

    expect(first.folder).toBe(join(copies, `postgres-${binaries.version}`))
    expect([second, third]).toEqual([first, first])
    expect((await stat(first.folder)).birthtimeMs).toBe(birthtimeMs)
  })

  test('a missing system user is created, once, without a login', async () => {
    const name = `foyer-test-${process.pid}`
    onTestFinished(async () => {
      await run(undefined, 'userdel', [name])
    })

    const created = await findOrCreateUser(name)
    const found = await findOrCreateUser(name)

    expect(created.uid).toBeGreaterThan(0)
    expect(found).toEqual(created)
    expect(await readFile('/etc/passwd', 'utf8')).toMatch(new RegExp(`^${name}:.*:/usr/sbin/nologin$`, 'm'))
  })
})
