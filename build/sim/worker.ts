/** Runs the seeds that its parent names, one after the other, in a database of its own. */
import { createDatabase } from './database.ts'
import { runSeed, type SeedOrder } from './run.ts'

process.on('disconnect', () => process.exit(1))

const [templateUrl = ''] = process.argv.slice(2)
const database = await createDatabase(templateUrl)

process.on('message', (order: SeedOrder | 'end') => {
  if (order === 'end') {
    void database.close().then(() => process.exit(0))
    return
  }
  void runSeed(database, order).then((result) => process.send?.({ result }))
})
process.send?.('ready')
