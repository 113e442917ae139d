import { MantineProvider } from '@mantine/core'
import { type ReactNode, useLayoutEffect, useMemo } from 'react'
import { styleSheetFor, themeFor } from './theme.ts'

/**
 * Mantine with our theme in the organization's color. The variables come in as a constructed style sheet, because the
 * content security policy allows no style element in the page.
 */
export const DeskTheme = ({ color, children }: { readonly color: string; readonly children: ReactNode }) => {
  const theme = useMemo(() => themeFor(color), [color])
  useLayoutEffect(() => {
    const sheet = new CSSStyleSheet()
    sheet.replaceSync(styleSheetFor(color))
    document.adoptedStyleSheets = [sheet]
  }, [color])

  return (
    <MantineProvider theme={theme} defaultColorScheme="auto" withCssVariables={false} withGlobalClasses={false}>
      {children}
    </MantineProvider>
  )
}
