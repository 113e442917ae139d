import { importJWK, type JWK, jwtVerify } from 'jose'
import { v4 } from 'uuid'
import { z } from 'zod'
import { releaseAudience, releaseResponse, releaseType } from '../../../src-shared/contract/release.ts'
import { DomainError } from '../../../src-shared/errors.ts'
import { type InstantText, instantToText } from '../../../src-shared/time.ts'
import type { Environment } from '../environment.ts'
import { Outage, type Server } from './server.ts'

/** The server's word that this device is revoked, and that all its work up to this number is there. */
export interface Release {
  readonly upTo: number
  /** By the server's clock. */
  readonly at: InstantText
}

export interface HandOverParts {
  readonly deviceId: string
  /** What the server signs with, as it was told at the enrollment: Ed25519. */
  readonly leaseKey: JWK
  readonly server: Pick<Server, 'post'>
  readonly environment: Pick<Environment, 'clock' | 'bytes'>
  /** All that is kept goes once more, whatever was answered: afterwards nobody has it. */
  readonly sendAll: () => void
  /** Up to which the server has answered, when nothing is left to send. */
  readonly doneUpTo: () => number | undefined
  /** Told again for as long as this goes on. */
  readonly onReleased: (release: Release) => void
  readonly onFault: (error: unknown) => void
}

export interface HandOver {
  /** Somebody said that this device is revoked: it may be true. */
  readonly begin: () => void
  readonly stop: () => void
}

/** Short, so that all is over soon after the last answer. */
const lookEveryMs = 5000

/** Gives away everything that a revoked device keeps, until the server lets go of it or takes the revocation back (SPEC U7). */
export const createHandOver = (parts: HandOverParts): HandOver => {
  let isOn = false
  /** Whether all that is kept is on its way again. */
  let isSent = false
  let cancel = (): void => undefined
  const later = (): void => {
    cancel = parts.environment.clock.after(lookEveryMs, () => void look())
  }
  const sendAll = (): void => {
    try {
      parts.sendAll()
      isSent = true
    } catch (error) {
      // A disk that fails: with the next look.
      isSent = false
      parts.onFault(error)
    }
  }
  const look = async (): Promise<void> => {
    const upTo = isSent ? parts.doneUpTo() : undefined
    const answer = upTo === undefined ? 'not_done' : await askFor(parts, upTo)
    if (!isOn) return
    isOn = answer !== 'kept'
    if (!isOn) return
    if (!isSent || answer === 'missing') sendAll()
    if (typeof answer === 'object') parts.onReleased(answer)
    later()
  }
  return {
    begin() {
      if (isOn) return
      isOn = true
      later()
      sendAll()
    },
    stop() {
      isOn = false
      cancel()
    },
  }
}

type Answer = Release | 'kept' | 'missing' | 'not_done'

const askFor = async (parts: HandOverParts, upTo: number): Promise<Answer> => {
  const nonce = v4({ random: parts.environment.bytes(16) })
  try {
    const answer = await parts.server.post('/v1/devices/release', { up_to: upTo, nonce }, releaseResponse)
    return answer.state === 'released' ? await verified(parts, answer.release, { upTo, nonce }) : answer.state
  } catch (error) {
    if (!(error instanceof Outage) && !(error instanceof DomainError)) parts.onFault(error)
    return 'not_done'
  }
}

const releaseClaims = z.object({ nonce: z.string(), up_to: z.number(), iat: z.number() })

/** Throws for what our server has not signed, or not just now for this question. */
const verified = async (
  { leaseKey, deviceId, environment }: HandOverParts,
  release: string,
  asked: { readonly upTo: number; readonly nonce: string },
): Promise<Release> => {
  const { payload } = await jwtVerify(release, await importJWK(leaseKey, 'EdDSA'), {
    algorithms: ['EdDSA'],
    typ: releaseType,
    audience: releaseAudience,
    subject: deviceId,
    currentDate: new Date(environment.clock.now()),
  })
  const { nonce, up_to, iat } = releaseClaims.parse(payload)
  if (nonce !== asked.nonce || up_to !== asked.upTo) throw new Error('A release of another time')
  return { upTo: up_to, at: instantToText(iat * 1000) }
}
