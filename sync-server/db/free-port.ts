import { createServer } from 'node:net'

const triesAbove = 100

/**
 * A TCP port that is free on 127.0.0.1 at this moment: the wanted one, else the next free one above it, else any.
 * Another program may take it before you do: be ready to ask again.
 */
export const freePort = async (wanted?: number): Promise<number> => {
  if (wanted) {
    for (let port = wanted; port < Math.min(wanted + triesAbove, 65_536); port += 1) {
      if ((await listenOnce(port)) !== undefined) return port
    }
  }
  const any = await listenOnce(0)
  if (any === undefined) throw new Error('This computer has no free port on 127.0.0.1.')
  return any
}

const listenOnce = (port: number): Promise<number | undefined> =>
  new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(undefined))
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' ? address?.port : undefined))
    })
  })
