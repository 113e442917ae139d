import { contextBridge, ipcRenderer } from 'electron'
import { windowBridge } from './window-bridge.ts'

// Functions that return promises over contextBridge are safe from Electron 42 on (CVE-2026-70601).
contextBridge.exposeInMainWorld('foyer', windowBridge(ipcRenderer))
