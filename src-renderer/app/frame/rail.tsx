import { useLocation } from 'wouter'
import { KeyHint } from '../../ui/key-hint.tsx'
import classes from './rail.module.css'
import type { Screen } from './screen.ts'

/** The screens that this person may open. */
export const Rail = ({ screens }: { readonly screens: readonly Screen[] }) => {
  const [location, navigate] = useLocation()
  return (
    <nav className={classes['rail']} aria-label="Screens">
      {screens.map(({ path, label, hotkey, icon: Icon }) => (
        <button
          key={path}
          type="button"
          className={classes['entry']}
          aria-current={location.startsWith(path) ? 'page' : undefined}
          aria-keyshortcuts={hotkey}
          onClick={() => navigate(path)}
        >
          <Icon size={24} stroke={1.6} aria-hidden="true" />
          <span>{label}</span>
          <KeyHint>{hotkey}</KeyHint>
        </button>
      ))}
    </nav>
  )
}
