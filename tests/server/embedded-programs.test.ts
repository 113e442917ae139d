import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import {
  ask,
  crashOneSession,
  keeper,
  kill,
  outputOf,
  runProgram,
  serverPid,
  start,
  startProgram,
  temporaryFolder,
  until,
} from '../support/embedded-server.ts'

describe('several programs', () => {
  test('that start at once on a new folder share one server, which the last one stops', async () => {
    const dataFolder = await temporaryFolder()

    const [first, second, third] = await Promise.all([
      start({ dataFolder }),
      start({ dataFolder }),
      start({ dataFolder }),
    ])

    expect(second.url).toBe(first.url)
    expect(third.url).toBe(first.url)
    expect((await readdir(dataFolder)).filter((name) => name.startsWith('cluster'))).toEqual(['cluster'])
    await first.stop()
    await second.stop()
    expect(await ask(third.url, 'select 1 as answer')).toBe(1)
    await third.stop()
    await expect(ask(third.url, 'select 1 as answer')).rejects.toThrow('ECONNREFUSED')
  })

  test('that stop at once leave no server behind', async () => {
    const dataFolder = await temporaryFolder()
    const running = [await start({ dataFolder }), await start({ dataFolder }), await start({ dataFolder })]

    await Promise.all(running.map(({ stop }) => stop()))

    expect(await serverPid(dataFolder)).toBeUndefined()
  })

  test('may start while another one stops', async () => {
    const dataFolder = await temporaryFolder()
    let current = await start({ dataFolder })

    for (let round = 0; round < 5; round += 1) {
      const [next] = await Promise.all([start({ dataFolder }), current.stop()])
      expect(await ask(next.url, 'select 1 as answer')).toBe(1)
      current = next
    }
  })

  test('keep their share when a crashed session makes the server drop all connections', async () => {
    const dataFolder = await temporaryFolder()
    const first = await start({ dataFolder })
    const before = await ask(first.url, keeper)
    await crashOneSession(first.url)
    await until(async () => ![before, undefined].includes(await ask(first.url, keeper).catch(() => undefined)))

    const second = await start({ dataFolder })
    await second.stop()

    expect(await ask(first.url, 'select 1 as answer')).toBe(1)
  })

  test('a server whose program was killed -9 is taken over by the next one', async () => {
    const dataFolder = await temporaryFolder()
    const program = runProgram(startProgram(dataFolder))
    await outputOf(program, 'started')
    const pid = await serverPid(dataFolder)
    await kill(program, 'SIGKILL')

    const { url, stop } = await start({ dataFolder })

    expect(await ask(url, 'select 1 as answer')).toBe(1)
    expect(await serverPid(dataFolder)).toBe(pid)
    await stop()
    expect(await serverPid(dataFolder)).toBeUndefined()
  })
})

describe('stopping', () => {
  test('twice is the same as once', async () => {
    const dataFolder = await temporaryFolder()
    const { stop } = await start({ dataFolder })

    await Promise.all([stop(), stop()])
    await stop()

    expect(await serverPid(dataFolder)).toBeUndefined()
  })

  test('on Ctrl-C is ours: the terminal does not reach the server before us', async () => {
    const dataFolder = await temporaryFolder()
    const program = runProgram(`
      ${startProgram(dataFolder)}
      const { Client } = await import('pg')
      process.once('SIGINT', async () => {
        await new Promise((resolve) => setTimeout(resolve, 300))
        const client = new Client(postgres.url)
        await client.connect()
        await client.query('select 1')
        await client.end()
        await postgres.stop()
        console.log('stopped')
      })
    `)
    await outputOf(program, 'started')

    process.kill(-(program.pid ?? 0), 'SIGINT')
    await once(program, 'exit')

    expect(program.exitCode).toBe(0)
    expect(await serverPid(dataFolder)).toBeUndefined()
  })
})
