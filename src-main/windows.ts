import type { BrowserWindowConstructorOptions } from 'electron'

/** The main window: sandboxed, isolated, without Node. `preload` is the built preload's path. */
export const mainWindowOptions = (preload: string): BrowserWindowConstructorOptions => ({
  title: 'Foyer',
  width: 1366,
  height: 768,
  minWidth: 768,
  minHeight: 600,
  // Shown when the page has drawn, so that no empty window flashes.
  show: false,
  backgroundColor: '#ffffff',
  webPreferences: {
    preload,
    sandbox: true,
    contextIsolation: true,
    nodeIntegration: false,
    nodeIntegrationInWorker: false,
    nodeIntegrationInSubFrames: false,
    webSecurity: true,
    allowRunningInsecureContent: false,
    experimentalFeatures: false,
    webviewTag: false,
    navigateOnDragDrop: false,
    spellcheck: false,
    // A counter is watched from the corner of an eye: its clock and its lists go on when another window is in front.
    backgroundThrottling: false,
  },
})

/** The window that prints: as locked, without preload, with the PDF viewer. `partition` is a session of its own. */
export const printWindowOptions = (partition: string): BrowserWindowConstructorOptions => ({
  title: 'Foyer',
  width: 900,
  height: 1000,
  show: false,
  webPreferences: {
    partition,
    plugins: true,
    sandbox: true,
    contextIsolation: true,
    nodeIntegration: false,
    nodeIntegrationInWorker: false,
    nodeIntegrationInSubFrames: false,
    webSecurity: true,
    allowRunningInsecureContent: false,
    experimentalFeatures: false,
    webviewTag: false,
    navigateOnDragDrop: false,
  },
})
