import type { App, Session, Shell, WebContents } from 'electron'

/** Electron grants every permission unless it is told otherwise; nobody here needs one. */
export const lockSession = (
  session: Pick<
    Session,
    | 'setPermissionRequestHandler'
    | 'setPermissionCheckHandler'
    | 'setDevicePermissionHandler'
    | 'setDisplayMediaRequestHandler'
    | 'setBluetoothPairingHandler'
    | 'on'
  >,
): void => {
  session.setPermissionRequestHandler((_contents, _permission, answer) => answer(false))
  session.setPermissionCheckHandler(() => false)
  session.setDevicePermissionHandler(() => false)
  session.setDisplayMediaRequestHandler((_request, answer) => answer(null))
  session.setBluetoothPairingHandler((_details, answer) => answer({ confirmed: false }))
  session.on('will-download', (event) => event.preventDefault())
}

export interface ExternalLinks {
  readonly shell: Pick<Shell, 'openExternal'>
  /** Host names that a link in the window may open. */
  readonly sites: ReadonlySet<string>
}

export type LockedContents = Pick<WebContents, 'on' | 'setWindowOpenHandler'>

/** Whatever gets a page, now or later, stays on it. */
export const lockAllContents = (app: Pick<App, 'on'>, links: ExternalLinks): void => {
  app.on('web-contents-created', (_event, contents) => lockContents(contents, links))
}

/** No navigation, no redirect, no second window, no webview. Links to listed sites open in the person's browser. */
export const lockContents = (contents: LockedContents, { shell, sites }: ExternalLinks): void => {
  contents.on('will-navigate', (event) => event.preventDefault())
  contents.on('will-redirect', (event) => event.preventDefault())
  contents.on('will-attach-webview', (event) => event.preventDefault())
  contents.setWindowOpenHandler(({ url }) => {
    if (isAllowedSite(url, sites)) void shell.openExternal(url)
    return { action: 'deny' }
  })
}

/** https, a site on the list, its usual port, no user name to disguise another one. */
export const isAllowedSite = (text: string, sites: ReadonlySet<string>): boolean => {
  const url = URL.parse(text)
  if (url?.protocol !== 'https:') return false
  return sites.has(url.hostname) && url.port === '' && url.username === '' && url.password === ''
}
