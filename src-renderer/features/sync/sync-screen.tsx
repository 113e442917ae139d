/** What waits to be sent, and what was decided otherwise. */
export const SyncScreen = () => <h1>Sync</h1>
