/**
 * Hybrid logical clock: `<ms, 12 hex>-<counter, 4 hex>-<device, 8 hex>`; as text it sorts in causal order.
 * It breaks ties in last-writer-wins; the server's order stays the truth.
 */
export interface Hlc {
  readonly ms: number
  readonly counter: number
}

const maxCounter = 0xffff

export const formatHlc = ({ ms, counter }: Hlc, deviceId: string): string =>
  `${ms.toString(16).padStart(12, '0')}-${counter.toString(16).padStart(4, '0')}-${deviceId.replaceAll('-', '').slice(-8)}`

export const parseHlc = (text: string): Hlc => ({
  ms: Number.parseInt(text.slice(0, 12), 16),
  counter: Number.parseInt(text.slice(13, 17), 16),
})

/** The clock after an event at `nowMs`: never behind what was seen before. */
export const tickHlc = (last: Hlc, nowMs: number): Hlc => {
  if (nowMs > last.ms) return { ms: nowMs, counter: 0 }
  return last.counter < maxCounter ? { ms: last.ms, counter: last.counter + 1 } : { ms: last.ms + 1, counter: 0 }
}

/** How far ahead of the server a device's clock may order things: 60 s. The raw device time is kept beside it. */
export const maxHlcAheadMs = 60_000

/** The server's reading of a device's clock: what is too far ahead counts as the latest allowed instant. */
export const clampHlc = (hlc: string, serverNowMs: number): string => {
  const limit = serverNowMs + maxHlcAheadMs
  return parseHlc(hlc).ms <= limit ? hlc : limit.toString(16).padStart(12, '0') + hlc.slice(12)
}
