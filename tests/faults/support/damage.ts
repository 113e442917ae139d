import { closeSync, openSync, readSync, statSync, writeSync } from 'node:fs'

/** Where the header says it, also of an encrypted file. */
const pageBytesOf = (file: string): number => {
  const handle = openSync(file, 'r')
  const bytes = Buffer.alloc(2)
  readSync(handle, bytes, 0, 2, 16)
  closeSync(handle)
  return bytes.readUInt16BE(0)
}

/** How many pages a database file has. */
export const pagesIn = (file: string): number => Math.ceil(statSync(file).size / pageBytesOf(file))

/** One byte of a file becomes another one, as when a disk rots. */
export const flipByte = (file: string, at: number): void => {
  const handle = openSync(file, 'r+')
  const byte = Buffer.alloc(1)
  readSync(handle, byte, 0, 1, at)
  writeSync(handle, Buffer.from([byte.readUInt8(0) ^ 0xff]), 0, 1, at)
  closeSync(handle)
}

/** Somewhere in the middle of a page, from 1. */
export const damagePage = (file: string, page: number): void => flipByte(file, (page - 1) * pageBytesOf(file) + 1500)
