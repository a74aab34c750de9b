// openid-client: its OAuth 2.0 part alone, with the server's metadata given by hand and the client's secret in the body.
import * as client from 'openid-client'
import { answer, check, failed, note, pass, plan, second, visit } from './stage.mjs'

const server = { issuer: plan.issuer, authorization_endpoint: plan.authorize, token_endpoint: plan.token }
const config = new client.Configuration(server, plan.id, undefined, plan.secret ? client.ClientSecretPost(plan.secret) : client.None())
client.allowInsecureRequests(config)

const verifier = client.randomPKCECodeVerifier()
const state = client.randomState()
const link = client.buildAuthorizationUrl(config, {
  redirect_uri: plan.callback, state, code_challenge: await client.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256',
  ...(plan.scope && { scope: plan.scope }),
}).href
const swap = back => client.authorizationCodeGrant(config, back, { pkceCodeVerifier: verifier, expectedState: state })
const denied = await visit(link, 'deny')
note('denied: ' + await failed(() => swap(denied), e => `${e.name} ${e.error}`))
let token = await swap(await visit(link))

const ask = async () => {
  try {
    await answer(await client.fetchProtectedResource(config, token.access_token, new URL(plan.resource), 'GET'))
  } catch (error) {
    check(error instanceof client.WWWAuthenticateChallengeError, error.stack)
    note(`WWWAuthenticateChallengeError ${error.status} ${error.cause[0].parameters.error}`)
  }
}
await ask()
await pass(plan.before)
check(token.expiresIn() === 1, `one second is left, and the library sees ${token.expiresIn()}`)
await ask()
await pass(second)
check(token.expiresIn() === 0, 'over, and the library does not see it')
await ask()
token = await client.refreshTokenGrant(config, token.refresh_token)
note('refreshed')
await ask()

await pass(plan.rest)
note(await failed(() => client.refreshTokenGrant(config, token.refresh_token), e => `${e.name} ${e.error}`))
