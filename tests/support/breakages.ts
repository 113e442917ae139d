import {
  altered,
  type Break,
  isBack,
  isChange,
  isLive,
  isOfficial,
  isStart,
  misheard,
  query,
  refused,
  upToDate,
  withHeader,
  withMessages,
} from './broken-answers.ts'

export interface Breakage {
  /** What the check must say. */
  readonly words: RegExp
  readonly fetch: Break
}

const insert = (key: string) => ({ key, value: {}, headers: { operation: 'insert' } })
const mustRefetch = '[{"headers":{"control":"must-refetch"}}]'

/** For the rule of each check, a server that breaks it. */
export const breakages: Readonly<Record<string, Breakage>> = {
  R01: { words: /no array/, fetch: altered(() => ({ text: '{}' })) },
  R02: { words: /electric-offset after -1 is/, fetch: withHeader('electric-offset', undefined) },
  R03: { words: /no electric-schema/, fetch: withHeader('electric-schema', undefined) },
  R04: { words: /ends with up-to-date/, fetch: withMessages((messages) => [...messages, upToDate], isStart) },
  R05: {
    words: /the offset stays at/,
    fetch: altered((made, heard) => {
      if (!isStart(heard)) made.headers.set('electric-offset', query(heard, 'offset'))
      return { text: '[]' }
    }),
  },
  R06: { words: /electric-up-to-date is false/, fetch: withHeader('electric-up-to-date', undefined) },
  R07: {
    words: /went back/,
    fetch: withMessages((messages, { count }) =>
      messages.map((message) =>
        isChange(message) ? message : { headers: { ...message.headers, global_last_seen_lsn: String(1000 - count) } },
      ),
    ),
  },
  R08: { words: /electric-cursor/, fetch: withHeader('electric-cursor', '7') },
  R09: {
    words: /is not text/,
    fetch: withMessages((messages) =>
      messages.map((message) =>
        isChange(message) ? { ...message, value: { ...message.value, position: 7 } } : message,
      ),
    ),
  },
  R10: {
    words: /different keys/,
    fetch: withMessages((messages) =>
      messages.map((message) => (isChange(message) ? { ...message, key: 'same' } : message)),
    ),
  },
  R11: {
    words: /number of handles is 2/,
    fetch: altered((made, { count }) => {
      made.headers.set('electric-handle', `handle-${count}`)
      return {}
    }),
  },
  R12: {
    words: /the loads differ/,
    fetch: withMessages((messages, { count }) =>
      messages.filter((message, index) => !isChange(message) || index + 1 !== count),
    ),
  },
  R13: {
    words: /number of messages is 2/,
    fetch: withMessages(
      (messages) => [{ key: 'again', value: {}, headers: { operation: 'insert' } }, ...messages],
      isBack,
    ),
  },
  R14: {
    words: /the second is/,
    fetch: withMessages((messages, { count }) => (count > 1 ? messages.slice(count % 3) : messages)),
  },
  R15: {
    words: /changes came/,
    fetch: withMessages(
      (messages) => [...Array.from({ length: 1000 }, (_, n) => insert(`old-${n}`)), ...messages],
      isBack,
    ),
  },
  R16: {
    words: /they differ/,
    fetch: withMessages((messages) => messages.filter((message) => !isChange(message)), isBack),
  },
  R17: {
    words: /the status is 400/,
    fetch: altered((_made, { url }) => (url.searchParams.has('zzz') ? { status: 400, text: '{}' } : {})),
  },
  R18: {
    words: /the status is 404/,
    fetch: altered((_made, { init }) => (init?.method === 'HEAD' ? { status: 404 } : {})),
  },
  R19: {
    words: /cannot be read/,
    fetch: altered((_made, { init }) =>
      new Headers(init?.headers).has('accept-encoding') ? { text: '\u001f\u008b' } : {},
    ),
  },
  L01: {
    words: /the status is 204/,
    fetch: altered((_made, heard) => (isLive(heard) ? { status: 204, text: '' } : {})),
  },
  L02: { words: /electric-cursor is/, fetch: withHeader('electric-cursor', undefined) },
  L03: { words: /it went from 7 to 7/, fetch: withHeader('electric-cursor', '7', isLive) },
  L04: { words: /it moved to 7_7/, fetch: withHeader('electric-offset', '7_7', isLive) },
  L05: { words: /it was not held/, fetch: misheard((url) => url.searchParams.delete('live')) },
  L06: {
    words: /the change is not in it/,
    fetch: withMessages((messages) => messages.filter((message) => !isChange(message)), isLive),
  },
  L07: {
    words: /taken for live/,
    fetch: misheard((url) => url.searchParams.get('live') === 'false' && url.searchParams.set('live', 'true')),
  },
  L08: {
    words: /the status is 200/,
    fetch: misheard((url) => url.searchParams.get('offset') === '-1' && url.searchParams.delete('live')),
  },
  L09: {
    words: /is up to/,
    fetch: withMessages((messages) =>
      messages.map((message) =>
        isChange(message) ? { ...message, headers: { ...message.headers, lsn: '1' } } : message,
      ),
    ),
  },
  L10: {
    words: /the next request is 503/,
    fetch: altered((_made, heard) =>
      heard.count > 5 && isBack(heard) && !isLive(heard) ? { status: 503, text: '{}' } : {},
    ),
  },
  L11: {
    words: /with the change is/,
    fetch: withMessages((messages, { count }) => (count % 5 === 0 ? [upToDate] : messages), isLive),
  },
  L12: {
    words: /electric-offset is/,
    fetch: altered((made, { url }) => {
      if (!url.searchParams.has('live_sse')) return {}
      made.headers.set('content-type', 'text/event-stream')
      made.headers.set('electric-offset', '7_7')
      return { text: `data: ${JSON.stringify(upToDate)}\n\n` }
    }),
  },
  L13: { words: /electric-up-to-date is false/, fetch: withHeader('electric-up-to-date', undefined, isLive) },
  L14: {
    words: /is up to 9999999/,
    fetch: withMessages(
      (messages) => [...messages.slice(0, -1), { headers: { ...upToDate.headers, global_last_seen_lsn: '9999999' } }],
      isLive,
    ),
  },
  X01: { words: /the control of its message/, fetch: altered(({ status }) => (status === 409 ? { text: '[]' } : {})) },
  X02: {
    words: /electric-handle is/,
    fetch: withHeader('electric-handle', undefined, (_heard, { status }) => status === 409),
  },
  X03: {
    words: /it ends with 409/,
    fetch: withHeader('electric-handle', 'another', (heard, made) => made.status === 200 && isStart(heard)),
  },
  X04: {
    words: /answered with/,
    fetch: altered((made, heard) => {
      if (query(heard, 'handle') !== '') made.headers.set('electric-handle', query(heard, 'handle'))
      return {}
    }),
  },
  X05: { words: /stuck/, fetch: altered(({ status }) => (status === 409 ? { status: 400, text: '{}' } : {})) },
  X06: {
    words: /the status is 400/,
    fetch: altered((_made, heard) => (query(heard, 'offset') === '0_1' ? { status: 400, text: '{}' } : {})),
  },
  X07: {
    words: /the status is 200/,
    fetch: altered(({ status }, heard) =>
      status === 409 && isLive(heard) ? { status: 200, text: JSON.stringify([upToDate]) } : {},
    ),
  },
  X08: {
    words: /the status is 409/,
    fetch: altered((_made, heard) => (isBack(heard) ? { status: 409, text: mustRefetch } : {})),
  },
  X09: {
    words: /the status is 200/,
    fetch: altered(({ status }) => (status === 409 ? { status: 200, text: JSON.stringify([upToDate]) } : {})),
  },
  X10: {
    words: /electric-handle is/,
    fetch: withHeader('electric-handle', undefined, (heard, { status }) => isLive(heard) && status === 409),
  },
  X11: {
    words: /left out/,
    fetch: altered((_made, heard) => (query(heard, 'offset') === '0_1' ? { text: JSON.stringify([upToDate]) } : {})),
  },
  A01: { words: /may be kept/, fetch: withHeader('cache-control', 'public, max-age=1') },
  A02: { words: /is kept longer/, fetch: withHeader('cache-control', 'public, max-age=30') },
  A03: {
    words: /it is kept longer/,
    fetch: withHeader('cache-control', 'public, max-age=604800', (_heard, { status }) => status === 409),
  },
  A04: { words: /the status is 404/, fetch: withHeader('access-control-allow-origin', '*') },
  A05: { words: /what is hidden/, fetch: withHeader('access-control-allow-origin', '*') },
  A06: { words: /its status/, fetch: altered(() => ({ text: '{"status":"asleep"}' })) },
  A07: { words: /it says false/, fetch: withHeader('electric-has-data', 'false') },
  A08: {
    words: /number of messages/,
    fetch: altered((_made, heard) => (query(heard, 'offset') === 'now' ? { status: 200, text: '[]' } : {})),
  },
  O01: {
    words: /has not is/,
    fetch: withMessages(
      (messages) => messages.slice(1),
      (heard) => isOfficial(heard) && isStart(heard),
    ),
  },
  O02: {
    words: /the change does not happen/,
    fetch: withMessages((messages) => messages.filter((message) => !isChange(message)), isLive),
  },
  O03: {
    words: /the change is not there/,
    fetch: withMessages((messages) => messages.filter((message) => !isChange(message)), isBack),
  },
  O04: {
    words: /must-refetch does not happen/,
    fetch: altered(({ status }) => (status === 409 ? { status: 503, text: '{}' } : {})),
  },
  O05: {
    words: /the change does not happen/,
    fetch: altered((_made, heard) => (isLive(heard) ? { status: 503, text: '{}' } : {})),
  },
  O06: {
    words: /must-refetch does not happen/,
    fetch: altered(({ status }) => (status === 409 ? { status: 503, text: '{}' } : {})),
  },
  O07: { words: /the client gave up/, fetch: withHeader('electric-schema', undefined) },
  O08: {
    words: /does not happen|no error of the server/,
    fetch: altered(({ status }) => (status === 401 ? { text: '' } : {})),
  },
  O09: {
    words: /the client gave up/,
    fetch: altered(({ status }) => (status === 409 ? { status: 400, text: '{}' } : {})),
  },
  O10: {
    words: /has not is/,
    fetch: withMessages(
      (messages) => messages.slice(1),
      (heard) => isOfficial(heard) && heard.count > 2,
    ),
  },
  E01: { words: /is 422/, fetch: refused('{"message":"no"}', 422) },
  E02: { words: /cannot be read/, fetch: refused('') },
  E03: { words: /has no message/, fetch: refused('{}') },
  E04: { words: /may be kept/, fetch: withHeader('cache-control', 'public, max-age=60') },
  E05: {
    words: /the status is 200/,
    fetch: altered(({ status }) => (status === 401 ? { status: 200, text: '[]' } : {})),
  },
  E06: { words: /500 for/, fetch: altered(({ status }) => (status === 400 ? { status: 500 } : {})) },
  E07: {
    words: /the status is 200/,
    fetch: altered((_made, { init }) => (init?.method === 'DELETE' ? { status: 200, text: '[]' } : {})),
  },
  E08: { words: /were all answered/, fetch: (real) => real },
  E09: {
    words: /%65 is 200/,
    fetch: altered((_made, { url }) => (url.pathname.includes('%') ? { status: 200, text: '[]' } : {})),
  },
}
