import type { ContentText, Size } from 'pdfmake/interfaces.js'
import { scriptRuns } from './script-runs.ts'

/** How text looks; the width is that of a column. */
export type TextStyle = Omit<ContentText, 'text'> & { readonly width?: Size }

/** Text in the fonts that its scripts need, with the given style. */
export const setText = (value: string, style: TextStyle = {}): ContentText & { readonly width?: Size } => ({
  text: scriptRuns(value).map((run) => ({ text: run.text, font: run.font })),
  ...style,
})
