package fail

// Meaning is a kind of refusal in words.
type Meaning struct {
	Kind Kind
	Text string
}

// Meanings are all kinds, in the order in which a request meets them.
func Meanings() []Meaning {
	return []Meaning{
		{NoRoute, "the bank has no such path"},
		{MethodNotAllowed, "the path has other methods"},
		{TooLarge, "the body is too large"},
		{NotAcceptable, "no format is there that the client accepts"},
		{UnsupportedMedia, "the body is of another type"},
		{InvalidRequest, "something is missing, given twice, or malformed"},
		{InvalidField, "a field does not fit"},
		{InvalidRedirect, "the client is unknown, or the redirect URI is not registered: nobody is redirected"},
		{InvalidClient, "the client is unknown or disabled, or its secret is wrong"},
		{UnauthorizedClient, "the client may not do this"},
		{UnsupportedGrantType, "there is no such grant type"},
		{UnsupportedResponseType, "there is no such response type"},
		{InvalidScope, "the scope is unknown, or more than the client may ask"},
		{InvalidTarget, "the resource is none of the bank's, or more than was granted"},
		{InvalidGrant, "the code or refresh token is unknown, over, used, revoked, or another client's"},
		{InvalidProof, "the DPoP proof of a token request is missing, not for this request, too old, or used before"},
		{UseNonce, "the DPoP proof of a token request has no nonce of the bank"},
		{AccessDenied, "the user said no"},
		{AuthorizationPending, "a device polls, and its user has not answered yet"},
		{SlowDown, "a device polls more often than it was told to"},
		{DeviceExpired, "the device code's time is over"},
		{LoginRequired, "the client wants no page, and nobody is signed in"},
		{ConsentRequired, "the client wants no page, and the user has not let it in before"},
		{InteractionRequired, "the client wants no page, and the bank must ask something"},
		{RequestNotSupported, "the bank takes no request objects"},
		{RequestURINotSupported, "the bank takes no references to request objects"},
		{TokenMissing, "no access token was sent"},
		{TokenMalformed, "what was sent is no token"},
		{TokenUnknown, "the bank never issued this token"},
		{TokenExpired, "the token's time is over"},
		{TokenRevoked, "the token was ended before its time"},
		{TokenWrongKind, "a code or refresh token was sent, or a client's token where a user's is due"},
		{TokenUnproven, "the token is bound to a key, and the DPoP proof of it is missing, wrong or used before; or DPoP was said of one that is not"},
		{InsufficientScope, "the token's scope is too small"},
		{ConsentUnknown, "there is no such consent"},
		{ConsentInvalid, "the consent was revoked, terminated, rejected, or is not given yet"},
		{ConsentExpired, "the consent's time is over"},
		{AccessExceeded, "today's calls without the user are used up"},
		{BadCredentials, "user name or password is wrong"},
		{UserLocked, "the user is locked"},
		{UserUnverified, "the user is not verified"},
		{Forbidden, "this caller may not"},
		{NotFound, "the thing does not exist, or is not this caller's to see"},
		{Conflict, "it exists already, or its state does not allow it"},
		{InsufficientFund, "there is not enough money"},
		{AccountBlocked, "the account is blocked or closed"},
		{TooMany, "there were too many requests"},
		{TemporarilyUnavailable, "the bank takes no logins just now"},
		{ServerError, "the bank fell over, by order of a fault"},
		{Internal, "the bank fell over"},
	}
}
