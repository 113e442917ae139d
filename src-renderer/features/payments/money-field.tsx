import { type KeyboardEvent, type Ref, useId } from 'react'
import { useSession } from '../../app/use-app-state.ts'
import classes from './money-field.module.css'

interface MoneyFieldProps {
  readonly label: string
  readonly text: string
  readonly size?: 'large' | 'normal'
  readonly problem?: string | undefined
  /** The words about it stand elsewhere on the screen. */
  readonly isProblemElsewhere?: boolean
  readonly onType: (text: string) => void
  readonly onKeyDown: (event: KeyboardEvent<HTMLInputElement>) => void
  readonly ref: Ref<HTMLInputElement>
}

const symbolOf = (currency: string, locale: string): string =>
  new Intl.NumberFormat(locale, { style: 'currency', currency, currencyDisplay: 'narrowSymbol' })
    .formatToParts(0)
    .find((part) => part.type === 'currency')?.value ?? currency

/** An amount of the facility's currency, as typed. What is wrong stands below and takes nothing away. */
export const MoneyField = (props: MoneyFieldProps) => {
  const { label, text, size = 'normal', problem, isProblemElsewhere = false, onType, onKeyDown, ref } = props
  const { facility } = useSession()
  const problemId = useId()
  return (
    <div className={classes['place']} data-size={size}>
      <label className={classes['field']} data-wrong={problem !== undefined || undefined}>
        <span className={classes['label']}>{label}</span>
        <span className={classes['symbol']} aria-hidden="true">
          {symbolOf(facility.currency, facility.locale)}
        </span>
        <input
          ref={ref}
          inputMode="decimal"
          autoComplete="off"
          maxLength={20}
          aria-label={label}
          aria-invalid={problem !== undefined}
          aria-describedby={problemId}
          value={text}
          onChange={(event) => onType(event.currentTarget.value)}
          onFocus={(event) => event.currentTarget.select()}
          onKeyDown={onKeyDown}
        />
      </label>
      <p className={classes['problem']} id={problemId} role={problem ? 'alert' : undefined}>
        {isProblemElsewhere ? undefined : problem}
      </p>
    </div>
  )
}
