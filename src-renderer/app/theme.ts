import {
  Button,
  convertCssVariables,
  createTheme,
  DEFAULT_THEME,
  defaultCssVariablesResolver,
  defaultVariantColorsResolver,
  Drawer,
  type MantineColorsTuple,
  mergeMantineTheme,
  Modal,
  Tooltip,
} from '@mantine/core'
import { isHexColor, mix, readableOn } from './contrast.ts'

/**
 * Every color, size and time of the window. Style sheets use them as `var(--text-soft)`, Mantine's parts through the
 * theme below. Pairs of text and ground have at least AA contrast (tests/unit/theme.test.ts).
 */
export const tokens = {
  light: {
    /** Grounds, from the frame to what lies on top. */
    frame: '#f3f4f4',
    surface: '#ffffff',
    raised: '#ffffff',
    hover: '#f1f2f3',
    pressed: '#e7e9ea',
    line: '#e1e3e5',
    'line-strong': '#868d94',
    text: '#16181b',
    'text-soft': '#4a5058',
    'text-faint': '#646b73',
    'danger-ground': '#fdeceb',
    'danger-line': '#f0b8b3',
    'danger-text': '#a11b10',
    'danger-solid': '#c4281c',
    'warn-ground': '#fff3d6',
    'warn-line': '#ecce8a',
    'warn-text': '#774a00',
    'good-ground': '#e5f4ec',
    'good-line': '#a9d8be',
    'good-text': '#12633a',
    shadow: '0 8px 24px rgb(15 18 22 / 12%)',
  },
  dark: {
    frame: '#131416',
    surface: '#1b1d1f',
    raised: '#232629',
    hover: '#26292c',
    pressed: '#303438',
    line: '#303438',
    'line-strong': '#7d858d',
    text: '#eceef0',
    'text-soft': '#b9bfc6',
    'text-faint': '#949ba3',
    'danger-ground': '#3d1a18',
    'danger-line': '#7c2f2a',
    'danger-text': '#ffb1aa',
    'danger-solid': '#c4281c',
    'warn-ground': '#38290c',
    'warn-line': '#6d5217',
    'warn-text': '#f6cd78',
    'good-ground': '#10301f',
    'good-line': '#24613f',
    'good-text': '#86dcae',
    shadow: '0 8px 24px rgb(0 0 0 / 45%)',
  },
} as const

/** Sizes that both schemes share. All on the 4 px grid. */
const measures = {
  radius: '4px',
  'radius-large': '8px',
  /** The least height of what a finger presses (class mode). */
  touch: '48px',
  'rail-width': '88px',
  'status-height': '32px',
  motion: '120ms',
} as const

const fallbackAccent = '#1f5fbf'
const fonts = "'Inter Variable', 'Noto Sans', 'Segoe UI', system-ui, sans-serif"

/** The organization's color, made readable as text and as a button in either scheme. */
const accentFor = (color: string, scheme: 'light' | 'dark'): string =>
  readableOn(isHexColor(color) ? color : fallbackAccent, tokens[scheme].frame, scheme === 'light' ? 5.4 : 7)

/** Mantine's greys: its parts take borders from the fifth, grounds and text from the ends. */
const neutrals: Readonly<Record<'light' | 'dark', MantineColorsTuple>> = {
  light: ['#f7f8f8', '#f1f2f3', '#e7e9ea', '#d6d9dc', '#868d94', '#646b73', '#4a5058', '#3d434a', '#2a2f35', '#16181b'],
  dark: ['#eceef0', '#d4d8dc', '#b9bfc6', '#949ba3', '#656d75', '#303438', '#232629', '#1b1d1f', '#16181a', '#131416'],
}

/** Ten shades around a color; the sixth is for light, the fourth for dark. */
const shadesOf = (color: string): MantineColorsTuple => {
  const [onLight, onDark] = [accentFor(color, 'light'), accentFor(color, 'dark')]
  const lighter = (share: number): string => mix(onLight, '#ffffff', share)
  const darker = (share: number): string => mix(onLight, '#000000', share)
  return [
    lighter(0.93),
    lighter(0.86),
    lighter(0.7),
    lighter(0.5),
    onDark,
    mix(onDark, onLight, 0.5),
    onLight,
    darker(0.14),
    darker(0.28),
    darker(0.42),
  ]
}

/** Their scroll lock adds a style sheet of its own, which the content security policy forbids. */
const sheet = { lockScroll: false, overlayProps: { backgroundOpacity: 0.2 } } as const
const sheetStyles = { title: { fontSize: 18, fontWeight: 650 } } as const

export const themeFor = (color: string) =>
  createTheme({
    primaryColor: 'accent',
    primaryShade: { light: 6, dark: 4 },
    colors: {
      gray: neutrals.light,
      dark: neutrals.dark,
      accent: shadesOf(color),
      red: shadesOf(tokens.light['danger-solid']),
      yellow: shadesOf('#b87503'),
      green: shadesOf('#1a7f4b'),
    },
    // Mantine decides on the text of filled parts by the light shade alone.
    variantColorResolver: (input) => ({
      ...defaultVariantColorsResolver(input),
      ...(input.variant === 'filled' ? { color: 'var(--on-accent)' } : {}),
    }),
    white: '#ffffff',
    black: tokens.light.text,
    fontFamily: fonts,
    fontSizes: { xs: '12px', sm: '13px', md: '14px', lg: '16px', xl: '20px' },
    lineHeights: { xs: '1.35', sm: '1.4', md: '1.45', lg: '1.45', xl: '1.3' },
    headings: {
      fontFamily: fonts,
      fontWeight: '650',
      sizes: {
        h1: { fontSize: '24px', lineHeight: '1.25' },
        h2: { fontSize: '18px', lineHeight: '1.3' },
        h3: { fontSize: '15px', lineHeight: '1.35' },
      },
    },
    spacing: { xs: '4px', sm: '8px', md: '12px', lg: '16px', xl: '24px' },
    radius: { xs: '2px', sm: '4px', md: '6px', lg: '8px', xl: '12px' },
    defaultRadius: 'sm',
    cursorType: 'pointer',
    respectReducedMotion: true,
    shadows: { xs: 'none', sm: 'none', md: 'var(--shadow)', lg: 'var(--shadow)', xl: 'var(--shadow)' },
    components: {
      Button: Button.extend({ defaultProps: { fw: 550 } }),
      Modal: Modal.extend({
        defaultProps: { ...sheet, centered: true, transitionProps: { duration: 100 } },
        styles: sheetStyles,
      }),
      Drawer: Drawer.extend({
        defaultProps: { ...sheet, position: 'right', transitionProps: { duration: 120 } },
        styles: sheetStyles,
      }),
      Tooltip: Tooltip.extend({ defaultProps: { openDelay: 400, transitionProps: { duration: 80 } } }),
    },
  })

const asVariables = (values: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [`--${name}`, value]))

const mantineColors = {
  '--mantine-color-body': 'var(--surface)',
  '--mantine-color-text': 'var(--text)',
  '--mantine-color-bright': 'var(--text)',
  '--mantine-color-dimmed': 'var(--text-soft)',
  '--mantine-color-placeholder': 'var(--text-faint)',
  '--mantine-color-error': 'var(--danger-text)',
  '--mantine-color-anchor': 'var(--accent)',
  '--mantine-color-default': 'var(--surface)',
  '--mantine-color-default-hover': 'var(--hover)',
  '--mantine-color-default-color': 'var(--text)',
  '--mantine-color-default-border': 'var(--line-strong)',
  '--mantine-color-disabled': 'var(--pressed)',
  '--mantine-color-disabled-color': 'var(--text-faint)',
} as const

/** What is made of the organization's color. */
export const accentTokens = (color: string, scheme: 'light' | 'dark') => {
  const accent = accentFor(color, scheme)
  const { surface } = tokens[scheme]
  return {
    accent,
    /** What stands on the accent, and on any other filled part. */
    'on-accent': scheme === 'light' ? '#ffffff' : tokens.light.text,
    'accent-ground': mix(surface, accent, scheme === 'light' ? 0.09 : 0.15),
    'accent-line': mix(surface, accent, 0.4),
  }
}

/** All variables of both schemes as the text of a style sheet. */
export const styleSheetFor = (color: string): string => {
  const theme = mergeMantineTheme(DEFAULT_THEME, themeFor(color))
  const base = defaultCssVariablesResolver(theme)
  const schemeOf = (scheme: 'light' | 'dark') => ({
    ...base[scheme],
    ...mantineColors,
    ...asVariables(tokens[scheme]),
    ...asVariables(accentTokens(color, scheme)),
  })
  return convertCssVariables(
    { variables: { ...base.variables, ...asVariables(measures) }, light: schemeOf('light'), dark: schemeOf('dark') },
    ':root',
  )
}
