import { accessSync, constants } from 'node:fs'

/** Whether the disk under a folder can be read and not written, by nobody (FAULTS D6). */
export const isReadOnlyFolder = (folder: string): boolean => {
  try {
    accessSync(folder, constants.W_OK)
    return false
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EROFS'
  }
}
