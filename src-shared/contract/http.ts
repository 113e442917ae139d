import { z } from 'zod'
import { errorCodes } from '../errors.ts'
import { instantSchema, integerSchema, sharedText } from '../schema/columns.ts'

const details = z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]))

/** An older desktop may meet a code that it does not know: it shows the message. */
export const errorBody = z.object({ code: z.enum(errorCodes).catch('unexpected'), message: z.string(), details })

/** One mutation as it travels and as it is stored in `desk.db`. */
export const mutationEnvelope = z.strictObject({
  id: z.uuid(),
  /** Position in this device's queue, from 1, without gaps. */
  seq: integerSchema.min(1),
  command: sharedText(100),
  version: integerSchema.min(1),
  args: z.unknown(),
  staff_id: z.uuid(),
  lease_id: z.uuid(),
  /** The device's clock at the click. */
  at: instantSchema,
  hlc: z.string().regex(/^[0-9a-f]{12}-[0-9a-f]{4}-[0-9a-f]{8}$/),
  /** The receipt number that the device drew from its till's series, for commands that draw one. */
  series_number: integerSchema.min(1).nullable(),
})
export type MutationEnvelope = z.infer<typeof mutationEnvelope>

/** With mutations, the handle of the log that the device's progress comes from: tells a gap that we know from one we have lost. */
export const logHeader = 'foyer-log'

/**
 * With mutations, the number that the first of them follows, where the device has skipped numbers: it believed them used.
 * A server that goes on behind that very number takes it as no gap.
 */
export const followsHeader = 'foyer-follows'

/** A random name of the request, which its answer repeats: one that a proxy has kept of another request has another (FAULTS N8). */
export const requestHeader = 'foyer-request'

/** The most mutations in one request. */
export const maxBatch = 500
/** The most bytes of mutations in one request, and so of one mutation; the server takes 1,000,000 with all around them. */
export const maxBatchBytes = 900_000

export const mutationsRequest = z.strictObject({ mutations: z.array(mutationEnvelope).min(1).max(maxBatch) })

const mutationOutcome = z.object({
  id: z.uuid(),
  seq: z.number().int(),
  outcome: z.enum(['applied', 'merged', 'refused']),
  error: errorBody.nullable(),
})
export type MutationOutcome = z.infer<typeof mutationOutcome>

export const mutationsResponse = z.object({
  outcomes: z.array(mutationOutcome),
  /** The device's progress after the batch. */
  last_seq: z.number().int(),
})
export type MutationsResponse = z.infer<typeof mutationsResponse>

export const enrollRequest = z.strictObject({
  code: sharedText(40),
  name: sharedText(100).min(1),
  /** Ed25519 public key as JWK. */
  public_key: z.strictObject({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: sharedText(100) }),
  /** Which device it is already, when it lost the key that proves it: it gets the new one, and stays who it is. */
  device_id: z.uuid().optional(),
})
export const enrollResponse = z.object({
  device_id: z.uuid(),
  facility_id: z.uuid(),
  facility_name: z.string(),
  audience: z.enum(['desk', 'office']),
  till: z.object({ id: z.uuid(), code: z.string() }),
  /** The key that leases are signed with: Ed25519 public JWK. */
  lease_key: z.record(z.string(), z.unknown()),
  /** The key that the data key is sealed to (wrap W3): ECDH-ES public JWK. */
  recovery_key: z.record(z.string(), z.unknown()),
  /** Proves this enrollment to a server that was restored from an older backup; an older server gives none. */
  certificate: z.string().optional(),
})
export type EnrollResponse = z.infer<typeof enrollResponse>

/**
 * `assertion` is a JWT {iss: device id, aud: "foyer", jti, iat} signed by the device's key, `iat` within 60 s of the
 * server's clock. A device whose clock is wrong gets `unauthenticated` with details {reason: "clock", server_time}, and
 * signs again with that time as `iat`. One that the server does not know, or not by this key, gets it with
 * {reason: "unknown_device"}, and sends the certificate of its enrollment along.
 */
export const tokenRequest = z.strictObject({ assertion: sharedText(4000), certificate: sharedText(4000).optional() })
export const tokenResponse = z.object({ token: z.string(), expires_at: instantSchema })

export const signInRequest = z.strictObject({
  sign_in_name: sharedText(200),
  password: sharedText(1000),
  /**
   * The sealed data key (wrap W3), when this device cannot open its database for this person yet: a compact JWE
   * (ECDH-ES, A256GCM) of the 32 bytes to the recovery key, with the facility's id as `fac` in its protected header.
   */
  recovery: sharedText(4000).nullable(),
})
export const signInResponse = z.object({
  staff: z.object({ id: z.uuid(), first_name: z.string(), last_name: z.string() }),
  /** JWT signed by the server: {sub: staff, dev: device, fac: facility, jti: lease id, exp}. */
  lease: z.string(),
  lease_id: z.uuid(),
  lease_not_after: instantSchema,
  /** The data key, base64url, when `recovery` was sent. */
  data_key: z.string().nullable(),
})
export type SignInResponse = z.infer<typeof signInResponse>

/** Asks for a code that enrolls one more device, as the staff member whose lease it is (permission devices.enroll). */
export const deviceCodeRequest = z.strictObject({ lease: sharedText(4000), audience: z.enum(['desk', 'office']) })
export const deviceCodeResponse = z.object({ code: z.string(), expires_at: instantSchema })

/** What the server tells about itself; also the answer of `/v1/health`. */
export const healthResponse = z.object({ status: z.enum(['active', 'starting']) })
