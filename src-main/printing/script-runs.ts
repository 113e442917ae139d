/** A piece of text that one font can set. */
export interface TextRun {
  readonly text: string
  readonly font: string
}

const mainFont = 'Roboto'

/** Fonts of fonts.ts by the script that they are for; everything else is tried in the main font. */
const scripts: readonly (readonly [font: string, pattern: RegExp])[] = [
  ['Arabic', /\p{Script_Extensions=Arabic}/u],
  ['Hebrew', /\p{Script=Hebrew}/u],
  ['Devanagari', /\p{Script=Devanagari}/u],
  ['Thai', /\p{Script=Thai}/u],
  ['Hangul', /\p{Script=Hangul}/u],
  ['Han', /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\u3000-\u303f\uff01-\uff5e]/u],
]

const rightToLeft = new Set(['Arabic', 'Hebrew'])

/** Marks, joiners and spaces belong to the letter before them. */
const clingsToWhatIsBefore = /[\p{Mark}\s\u200c\u200d]/u

/** Signs that several scripts share, such as the Arabic comma's neighbors `.` and digits, stay in the main font. */
const isShared = /[\p{Script=Common}\p{Script=Inherited}]/u

const fontOf = (character: string): string => {
  if (isShared.test(character) && character < '\u0600') return mainFont
  return scripts.find(([, pattern]) => pattern.test(character))?.[0] ?? mainFont
}

/** A word of more letters may be broken, so that no name pushes a column off the paper. */
const longestWord = 24
const brokenEvery = 16

const zeroWidthSpace = '\u200b'

/**
 * Cuts text into runs by script, because a PDF font holds one or a few scripts and pdfmake picks none by itself.
 * pdfmake sets words from left to right, so the words of a right-to-left run come in reverse; the shaping of the letters
 * is the font's. Right for names and short phrases on one line, which is what receipts hold.
 */
export const scriptRuns = (text: string): readonly TextRun[] => {
  const runs: TextRun[] = []
  // No font of ours has the narrow no-break space that Intl writes between a time and "am".
  for (const character of text.normalize('NFC').replaceAll('\u202f', '\u00a0')) {
    const last = runs.at(-1)
    const font = last && clingsToWhatIsBefore.test(character) ? last.font : fontOf(character)
    if (last?.font === font) runs[runs.length - 1] = { text: last.text + character, font }
    else runs.push({ text: character, font })
  }
  return runs.flatMap((run) =>
    rightToLeft.has(run.font) ? reversedWords(run) : [{ ...run, text: breakLongWords(run.text) }],
  )
}

/** The spaces are set in the main font: inside a word's run they would end up on its other side. */
const reversedWords = ({ text, font }: TextRun): readonly TextRun[] => {
  const words = text.trimEnd().split(/\s+/u).toReversed()
  const space: TextRun = { text: ' ', font: mainFont }
  const runs = words.flatMap((word, index): readonly TextRun[] => [...(index > 0 ? [space] : []), { text: word, font }])
  return /\s$/u.test(text) ? [...runs, space] : runs
}

const breakLongWords = (text: string): string =>
  text
    .split(' ')
    .map((word) =>
      word.length > longestWord
        ? word.replaceAll(new RegExp(`\\P{Mark}\\p{Mark}*`.repeat(brokenEvery), 'gu'), `$&${zeroWidthSpace}`)
        : word,
    )
    .join(' ')
