// oauth4webapi: every answer is validated to the letter of the RFCs, PKCE and all. The server's metadata is given by hand.
import * as oauth from 'oauth4webapi'
import { answer, check, failed, note, pass, plan, second, visit } from './stage.mjs'

const server = { issuer: plan.issuer, authorization_endpoint: plan.authorize, token_endpoint: plan.token }
const client = { client_id: plan.id }
const proof = plan.secret ? oauth.ClientSecretBasic(plan.secret) : oauth.None()
const http = { [oauth.allowInsecureRequests]: true }

const verifier = oauth.generateRandomCodeVerifier()
const state = oauth.generateRandomState()
const link = new URL(server.authorization_endpoint)
for (const [name, value] of Object.entries({
  client_id: plan.id, redirect_uri: plan.callback, response_type: 'code', state,
  code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: 'S256', ...(plan.scope && { scope: plan.scope }),
})) link.searchParams.set(name, value)
const denied = await visit(link.href, 'deny')
note('denied: ' + await failed(() => oauth.validateAuthResponse(server, client, denied, state), e => `${e.name} ${e.error}`))
const back = oauth.validateAuthResponse(server, client, await visit(link.href), state)
const exchange = await oauth.authorizationCodeGrantRequest(server, client, proof, back, plan.callback, verifier, http)
let token = await oauth.processAuthorizationCodeResponse(server, client, exchange)

const ask = async () => {
  try {
    await answer(await oauth.protectedResourceRequest(token.access_token, 'GET', new URL(plan.resource), new Headers(), null, http))
  } catch (error) {
    check(error instanceof oauth.WWWAuthenticateChallengeError, error.stack)
    note(`WWWAuthenticateChallengeError ${error.status} ${error.cause[0].parameters.error}`)
  }
}
const refresh = async () => oauth.processRefreshTokenResponse(server, client, await oauth.refreshTokenGrantRequest(server, client, proof, token.refresh_token, http))
await ask()
await pass(plan.before)
await ask()
await pass(second)
await ask()
token = await refresh()
note('refreshed')
await ask()

await pass(plan.rest)
note(await failed(refresh, e => `${e.name} ${e.error}`))
