import type { Page } from '@playwright/test'

/** What is being printed during `action`, as the window hands it to the person where no printer takes it. */
export const printedDuring = async (page: Page, action: () => Promise<void>): Promise<Buffer> => {
  const blobs = await page.evaluateHandle(() => {
    const seen: Blob[] = []
    const original = URL.createObjectURL.bind(URL)
    URL.createObjectURL = (blob) => {
      if (blob instanceof Blob && blob.type === 'application/pdf') seen.push(blob)
      URL.createObjectURL = original
      return original(blob)
    }
    return seen
  })
  // Where the window may open another one beside it.
  page.once('popup', (popup) => void popup.close())
  await action()
  const base64 = await blobs.evaluate(async (seen) => {
    while (!seen[0]) await new Promise((resolve) => setTimeout(resolve, 20))
    const [blob] = seen
    const bytes = new Uint8Array(await blob.arrayBuffer())
    return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
  })
  return Buffer.from(base64, 'base64')
}
