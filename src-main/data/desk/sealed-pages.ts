import { createCipheriv, timingSafeEqual } from 'node:crypto'

/** What the cipher of `desk.db` keeps at the end of each page: a nonce and a tag. */
const nonceBytes = 16
const tagBytes = 16
/** The beginning of the first page is not encrypted: salt, and what SQLite wants to know before it has the key. */
const plainBytesOfFirst = 24
const saltBytes = 16

const chacha20 = (key: Uint8Array, nonce: Uint8Array, counter: number, bytes: Uint8Array): Buffer => {
  const iv = Buffer.alloc(16)
  iv.writeUInt32LE(counter >>> 0)
  iv.set(nonce.subarray(0, 12), 4)
  return createCipheriv('chacha20', key, iv).update(bytes)
}

/**
 * The page of this number as SQLite sees it, undefined when it is not what was written with this key: SQLite3 Multiple
 * Ciphers' "chacha20" scheme, page by page, for pages that SQLite itself does not reach any more.
 */
export const openPage = (sealed: Uint8Array, number: number, key: Uint8Array): Buffer | undefined => {
  const end = sealed.length - nonceBytes - tagBytes
  const nonce = sealed.subarray(end, end + nonceBytes)
  const counter = (Buffer.from(nonce).readUInt32LE(nonceBytes - 4) ^ number) >>> 0
  const pageKeys = chacha20(key, nonce, counter, Buffer.alloc(64))
  const tag = poly1305(pageKeys.subarray(0, 32), sealed.subarray(0, end + nonceBytes))
  if (!timingSafeEqual(tag, sealed.subarray(end + nonceBytes))) return undefined
  const from = number === 1 ? plainBytesOfFirst : 0
  const page = Buffer.from(sealed)
  page.set(chacha20(pageKeys.subarray(32), nonce, counter + 1, sealed.subarray(from, end)), from)
  if (number === 1) page.write('SQLite format 3\0', 0, saltBytes, 'latin1')
  return page
}

const prime = (1n << 130n) - 5n
const clamp = 0x0ffffffc0ffffffc0ffffffc0fffffffn
const blockBytes = 16

const littleEndian = (bytes: Uint8Array): bigint => {
  const padded = Buffer.alloc(24)
  padded.set(bytes)
  return padded.readBigUInt64LE(0) | (padded.readBigUInt64LE(8) << 64n) | (padded.readBigUInt64LE(16) << 128n)
}

/** RFC 8439 §2.5. */
const poly1305 = (key: Uint8Array, message: Uint8Array): Buffer => {
  const r = littleEndian(key.subarray(0, 16)) & clamp
  let sum = 0n
  for (let at = 0; at < message.length; at += blockBytes) {
    const block = message.subarray(at, at + blockBytes)
    sum = ((sum + littleEndian(block) + (1n << BigInt(8 * block.length))) * r) % prime
  }
  const tag = sum + littleEndian(key.subarray(16, 32))
  const bytes = Buffer.alloc(16)
  bytes.writeBigUInt64LE(tag & 0xffff_ffff_ffff_ffffn, 0)
  bytes.writeBigUInt64LE((tag >> 64n) & 0xffff_ffff_ffff_ffffn, 8)
  return bytes
}
