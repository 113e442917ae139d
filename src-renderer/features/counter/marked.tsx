import { fold, partsOf, type TypedWord } from '../../../src-shared/rules/search-terms.ts'
import classes from './marked.module.css'

interface MarkedProps {
  readonly text: string
  readonly words: readonly TypedWord[]
}

/** How many letters of a word cover what was typed; 0 when the word does not start with it. */
const markedLength = (word: string, { joined }: TypedWord): number => {
  if (!partsOf(fold(word)).join('').startsWith(joined)) return 0
  let end = 0
  for (const letter of word) {
    end += letter.length
    if (partsOf(fold(word.slice(0, end))).join('').length >= joined.length) return end
  }
  return end
}

/** A name with the starts of its words marked that were typed. */
export const Marked = ({ text, words }: MarkedProps) => (
  <bdi>
    {text.split(/(\s+)/u).map((word, place) => {
      const length = Math.max(0, ...words.map((typed) => markedLength(word, typed)))
      if (length === 0) return word
      return (
        <span key={place}>
          <mark className={classes['mark']}>{word.slice(0, length)}</mark>
          {word.slice(length)}
        </span>
      )
    })}
  </bdi>
)
