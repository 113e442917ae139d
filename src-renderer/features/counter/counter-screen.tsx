/** The counter: who is this, and are they here. */
export const CounterScreen = () => <h1>Counter</h1>
