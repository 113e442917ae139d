import { readdirSync, readFileSync } from 'node:fs'

/** What processes have used; zeros where there is no /proc. */
export interface Usage {
  readonly cpuSeconds: number
  /** Memory of their own, not shared, in megabytes. */
  readonly megabytes: number
}

const ticksPerSecond = 100

export const usageOf = (pids: readonly number[]): Usage => {
  let [cpuSeconds, megabytes] = [0, 0]
  for (const pid of pids) {
    const times = fieldsOf(pid)
    // Its own, and that of children which have ended.
    for (const field of [11, 12, 13, 14]) cpuSeconds += Number(times?.[field] ?? 0) / ticksPerSecond
    megabytes += memoryOf(pid)
  }
  return { cpuSeconds, megabytes }
}

/** PostgreSQL's processes: its postmaster and what that has started. */
export const withChildren = (parent: number): readonly number[] => {
  const all = readNames('/proc').map(Number).filter(Boolean)
  return [parent, ...all.filter((pid) => Number(fieldsOf(pid)?.[1]) === parent)]
}

const readNames = (folder: string): readonly string[] => {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

const read = (file: string): string => {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

/** From the state on: the name before it can hold anything. */
const fieldsOf = (pid: number): readonly string[] | undefined => {
  const text = read(`/proc/${pid}/stat`)
  return text === '' ? undefined : text.slice(text.lastIndexOf(')') + 2).split(' ')
}

const memoryOf = (pid: number): number =>
  Number(/^RssAnon:\s+(\d+) kB/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0) / 1024
