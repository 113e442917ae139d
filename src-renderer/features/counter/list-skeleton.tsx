import classes from './list-skeleton.module.css'

/** The shape of a list that is about to come; the same height as its rows. */
export const ListSkeleton = ({ rows }: { readonly rows: number }) => (
  <div className={classes['list']} aria-hidden="true">
    {Array.from({ length: rows }, (_, row) => (
      <div key={row} className={classes['row']}>
        <span />
        <span />
      </div>
    ))}
  </div>
)
