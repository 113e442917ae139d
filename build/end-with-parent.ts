/** Loaded before a server's entry (`--import`): it then ends with the program that started it, however that ended. */
process.on('disconnect', () => void process.kill(process.pid, 'SIGTERM'))
// The channel alone shall not keep it alive when it was asked to stop.
process.channel?.unref()
