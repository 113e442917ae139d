import { cpSync } from 'node:fs'
import type { SimDevice } from './device.ts'
import { type IncidentParts, type Moment, revoke } from './incident.ts'
import { fairWeather } from './network.ts'

/** What becomes of a computer of which there are two. */
const ends = { 'both go on': 4, 'the copy is gone': 3, 'the first is gone': 2, 'found out': 1 } as const

/**
 * The disk of a computer is copied while it is off, and both run on under one identity: they draw the same numbers for
 * different work (FAULTS D15, SPEC U5). Later one of them may be switched off for good, or an admin revokes both.
 */
export const copyComputer = (parts: IncidentParts, { first, second, at, operations }: Moment): void => {
  const { devices, chance } = parts
  const copy = devices.find(({ original }) => original !== undefined)
  const original = copy?.original
  if (!copy || !original) return
  at(first, 'a computer is copied', () => makeCopy(parts, original, copy))
  const end = chance.weighted(ends)
  at(second + 100 * operations, `of two equal computers, ${end}`, () => {
    if (end === 'the copy is gone' && copy.isThere) switchOff(copy)
    if (end === 'the first is gone' && copy.isThere) switchOff(original)
    if (end === 'found out') return revoke(parts, original)
    return undefined
  })
}

const makeCopy = (parts: IncidentParts, original: SimDevice, copy: SimDevice): void => {
  const { scheduler, chance, journal, health } = parts
  if (original.isGone) {
    copy.isGone = true
    return
  }
  if (!original.isOn) {
    scheduler.after(500, () => makeCopy(parts, original, copy))
    return
  }
  original.crash('kill', chance.int(100, 2000), () => {
    cpSync(original.folder, copy.folder, { recursive: true })
    health.copied(original, copy)
    for (const each of [original, copy]) {
      journal.copied(each)
      // People write on both before the log can tell what was used.
      if (chance.happens(60)) each.link.weather = { ...fairWeather(), cut: 'both' }
    }
    copy.isThere = true
    if (chance.happens(60)) letOvertake(parts, chance.pick([original, copy]))
    scheduler.after(chance.int(0, 3000), () => copy.start())
  })
}

/**
 * The server has no time for what one of the two sends, until the other one has used its numbers; then it is killed, at the
 * worst moment: by its log all is decided.
 */
const letOvertake = (parts: IncidentParts, device: SimDevice): void => {
  const { scheduler, journal, history, chance, isOver } = parts
  if (isOver() || device.isRevoked || device.isGone) return
  const progress = Number(
    device.reader()?.value('select last_seq from device_progress where id = ?', device.enrolled.id) ?? 0,
  )
  const isOvertaken = journal
    .of(device)
    .some(({ envelope: { id, seq } }) => seq <= progress && !device.link.delivered.has(id))
  device.link.weather.busy = isOvertaken ? 0 : 100
  if (!isOvertaken) {
    scheduler.after(100, () => letOvertake(parts, device))
    return
  }
  history.count('fault killed when its copy was quicker')
  device.crash('kill', chance.int(100, 3000))
}

const switchOff = (device: SimDevice): void => {
  device.isThere = false
  device.isGone = true
  device.crash('kill', 0)
}
