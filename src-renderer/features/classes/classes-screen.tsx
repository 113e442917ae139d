import { Route, Switch } from 'wouter'
import { RollScreen } from './roll-screen.tsx'
import { TodayScreen } from './today-screen.tsx'

/** The classes of today, and the roll of one of them. */
export const ClassesScreen = () => (
  <Switch>
    <Route path="/:sessionId">{({ sessionId }) => <RollScreen key={sessionId} sessionId={sessionId} />}</Route>
    <Route>
      <TodayScreen />
    </Route>
  </Switch>
)
