/** The classes of today. */
export const ClassesScreen = () => <h1>Classes</h1>
