import type { Environment } from '../environment.ts'

/** Longer than the server ever holds a request (20 s); short enough that all has drained 30 s after a line that died (I8). */
const longestSilenceMs = 24_000

/**
 * Fetches, and gives up when nothing at all has come for a while: a line that died half open, behind a NAT that forgot
 * it, would otherwise hold a live request for ever (FAULTS N5). A slow answer may take as long as it flows.
 */
export const fetchWatched = async (
  { clock, fetch }: Pick<Environment, 'clock' | 'fetch'>,
  input: Parameters<typeof globalThis.fetch>[0],
  init: RequestInit,
): Promise<Response> => {
  const abort = new AbortController()
  const giveUp = (): void => abort.abort(new DOMException('Nothing came from the server for a while', 'TimeoutError'))
  let cancel = clock.after(longestSilenceMs, giveUp)
  const touch = (): void => {
    cancel()
    cancel = clock.after(longestSilenceMs, giveUp)
  }
  try {
    const signal = init.signal ? AbortSignal.any([init.signal, abort.signal]) : abort.signal
    const response = await fetch(input, { ...init, signal })
    touch()
    if (response.body === null) {
      cancel()
      return response
    }
    return new Response(response.body.pipeThrough(watch(touch, () => cancel())), response)
  } catch (error) {
    cancel()
    throw error
  }
}

const watch = (touch: () => void, end: () => void) =>
  new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    transform(chunk, controller) {
      touch()
      controller.enqueue(chunk)
    },
    flush: end,
  })
