import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { TFontDictionary } from 'pdfmake/interfaces.js'

/** The script fonts have one weight: a name in bold is set in it too. */
const oneWeight = (file: string) => ({ normal: file, bold: file, italics: file, bolditalics: file })

/** Which file of resources/fonts each font name of a document stands for. Roboto has Latin, Greek, Cyrillic, Vietnamese. */
export const fontFiles = (folder: string): TFontDictionary => {
  const file = (name: string): string => join(folder, name)
  const regular = file('Roboto-Regular.ttf')
  const medium = file('Roboto-Medium.ttf')
  return {
    Roboto: { normal: regular, bold: medium, italics: regular, bolditalics: medium },
    Arabic: oneWeight(file('noto-sans-arabic.ttf')),
    Hebrew: oneWeight(file('noto-sans-hebrew.ttf')),
    Devanagari: oneWeight(file('noto-sans-devanagari.ttf')),
    Thai: oneWeight(file('noto-sans-thai.ttf')),
    Hangul: oneWeight(file('noto-sans-kr.ttf')),
    Han: oneWeight(file('noto-sans-sc.ttf')),
  }
}

/** The fonts folder, searched upwards from a module: sources, bundle and installed app lie at different depths. */
export const findFontFolder = (from: string): string => {
  const folder = join(from, 'resources', 'fonts')
  if (existsSync(join(folder, 'Roboto-Regular.ttf'))) return folder
  const parent = dirname(from)
  if (parent === from)
    throw new Error('The folder resources/fonts is missing: the program is not installed completely.')
  return findFontFolder(parent)
}
