import './app/without-eval.ts'
import '@fontsource-variable/inter/wght.css'
import '@mantine/core/styles.css'
import './app/global.css'
import { createRoot } from 'react-dom/client'
import { Router } from 'wouter'
import { useHashLocation } from 'wouter/use-hash-location'
import { getBridge } from './app/bridge.ts'
import { createDesk, DeskContext } from './app/desk.ts'
import { Stages } from './stages.tsx'

const root = document.querySelector('#root')
if (!root) throw new Error('index.html has no #root')

createRoot(root).render(
  <DeskContext value={createDesk(getBridge())}>
    <Router hook={useHashLocation}>
      <Stages />
    </Router>
  </DeskContext>,
)
