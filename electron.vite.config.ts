import react from '@vitejs/plugin-react'
import { defineConfig } from 'electron-vite'

export default defineConfig({
  // Both shells start `out/main/data.js`, and that `replica-work.js` as a thread; packages stay outside, in node_modules.
  main: {
    build: {
      outDir: 'out/main',
      rollupOptions: {
        input: {
          main: 'src-main/main.ts',
          data: 'src-main/data/main.ts',
          'replica-work': 'src-main/data/snapshot/work-main.ts',
        },
      },
    },
  },
  // A sandboxed preload can load neither ES modules nor packages: one CommonJS file.
  preload: {
    build: {
      outDir: 'out/preload',
      externalizeDeps: false,
      rollupOptions: {
        input: 'src-preload/preload.ts',
        output: { format: 'cjs', entryFileNames: 'preload.cjs' },
      },
    },
  },
  renderer: {
    root: 'src-renderer',
    plugins: [react()],
    build: {
      outDir: 'out/renderer',
      rollupOptions: { input: 'src-renderer/index.html' },
      // The content security policy knows no data: URLs for fonts and scripts.
      assetsInlineLimit: 0,
    },
  },
})
