// What every client here is given: the plan, the person's browser, and time.
export const plan = JSON.parse(process.env.SANDBANK_PLAN)

const say = (...event) => console.log(JSON.stringify(event))

// note and answer tell what was seen.
export const note = text => say('note', text)
export const answer = async response => say('answer', response.status, await response.text())

// visit sends the person to a URL of the bank, to allow or deny what is asked, and returns the URL of the app that the bank sent the
// browser back to.
export async function visit(url, press = 'allow') {
  const response = await fetch(`${plan.browser}/${press}?url=${encodeURIComponent(url)}`)
  return new URL(await response.text())
}

// lever calls the admin API of the space.
export async function lever(method, path, body) {
  const response = await fetch(plan.levers + path, { method, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) })
  if (!response.ok) throw new Error(await response.text())
}

// pass lets time go by, at the bank and here. Between two calls it stands still at both, so that each instant is exact.
let now = Date.now()
Date.now = () => now
export async function pass(span) {
  await lever('POST', '/clock', { advance: span.text })
  now += span.seconds * 1000
  note(span.text)
}
export const second = { text: '1s', seconds: 1 }

// failed tells the error that something ends with, in the words of describe.
export async function failed(what, describe) {
  try {
    await what()
  } catch (error) {
    return describe(error)
  }
  return 'no error'
}

// check stops a run that went wrong.
export function check(holds, why) {
  if (!holds) throw new Error(why)
}
