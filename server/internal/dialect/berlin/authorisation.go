package berlin

import (
	"net/url"

	"sandbank/server/fail"
	"sandbank/server/grant"
	"sandbank/server/internal/wire"
	"sandbank/server/ledger"
)

// A consent has one authorisation, which the bank begins by itself: the person's way through the pages. The sub-resources that the
// specification has for it only tell how far it is, because the approach is REDIRECT.
type (
	shapeAuthorisation struct {
		Status string            `json:"scaStatus"`
		ID     string            `json:"authorisationId,omitempty"`
		Links  shapeConsentLinks `json:"_links"`
	}
	shapeAuthorisations struct {
		IDs []string `json:"authorisationIds"`
	}
	shapeScaStatus struct {
		Status string `json:"scaStatus"`
	}
)

// scaStatus follows from the consent: the pages leave no other trace.
func scaStatus(c *wire.Call, consent *grant.Consent) string {
	switch {
	case consent.Answered != nil:
		return "finalised"
	case status(c, consent) != grant.Received:
		return "failed"
	case consent.Owner != "":
		return "psuIdentified"
	}
	return "received"
}

// authorisationLinks lead to the authorisation. scaRedirect is there only when it would work as it stands: the authorization endpoint
// wants a client and its redirect URI, and of a public client a challenge that only the client can make.
func authorisationLinks(c *wire.Call, consent *grant.Consent) shapeConsentLinks {
	links := shapeConsentLinks{ScaStatus: link(consentURL(c, consent, "/authorisations/"+consent.Facts[authorisationFact]))}
	client, back := c.Space.Grants.Client(name, consent.Client), consent.Facts[returnFact]
	if client != nil && !client.Public() && back != "" {
		links.ScaRedirect = link(c.URL(authorizePath) + "?response_type=code&client_id=" + url.QueryEscape(client.ID) +
			"&redirect_uri=" + url.QueryEscape(back) + "&scope=" + scope + "&consentId=" + consent.ID)
	}
	return links
}

// openAuthorisation finds the authorisation of the path.
func openAuthorisation(c *wire.Call) (*grant.Consent, error) {
	consent, err := open(c)
	if err != nil {
		return nil, err
	}
	if id := c.Param("authorisationId"); id != consent.Facts[authorisationFact] {
		return nil, c.Trail.No("authorisation known", fail.New(fail.NotFound, "consent %s has no authorisation %q", consent.ID, id).At("authorisationId"))
	}
	return consent, nil
}

// redirectOnly refuses credentials in the body: they belong to the embedded approach. It also refuses an authorisation that is over.
func redirectOnly(c *wire.Call, consent *grant.Consent) error {
	if err := jsonBody(c); err != nil {
		return err
	}
	var body map[string]any
	if len(c.Body()) > 0 {
		if err := decode(c.Body(), &body); err != nil {
			return c.Trail.No("body", fail.From(err))
		}
	}
	for _, field := range []string{"psuData", "authenticationMethodId", "scaAuthenticationData", "confirmationCode"} {
		if body[field] != nil {
			return c.Trail.No("approach", fail.Field(field, "%s belongs to another approach than REDIRECT", field).
				Coded("SERVICE_INVALID").Say("Only the redirect approach is supported: send the PSU to the authorization endpoint."))
		}
	}
	if s := status(c, consent); s != grant.Received {
		return c.Trail.No("authorisation open", fail.New(fail.Conflict, "consent %s is %s", consent.ID, s).Say("The consent is %s already.", s))
	}
	return nil
}

// identify ties the consent to a person, if the call names one.
func identify(c *wire.Call, consent *grant.Consent) (*grant.Consent, *ledger.Person, error) {
	person, err := psu(c)
	if err != nil || person == nil {
		return consent, nil, err
	}
	if a := asked(consent); consent.Facts[modelFact] == detailed {
		if err := theirs(c, person, &a); err != nil {
			return nil, nil, err
		}
	}
	next, err := c.Space.Grants.UpdateConsent(name, consent.ID, func(v *grant.Consent) error {
		switch {
		case status(c, v) != grant.Received:
			return fail.New(fail.Conflict, "consent %s is not received any more", v.ID)
		case v.Owner != "" && v.Owner != person.ID:
			return fail.New(fail.BadCredentials, "consent %s is for %s, not for %s", v.ID, v.Owner, person.ID).At("PSU-ID")
		}
		v.Owner = person.ID
		return nil
	})
	if err != nil {
		return nil, nil, c.Trail.No("PSU fits", fail.From(err))
	}
	c.Owner = person.ID
	return next, person, nil
}

// startAuthorisation answers with the authorisation that exists: the bank begins it together with the consent.
func startAuthorisation(c *wire.Call) error {
	consent, err := open(c)
	if err != nil {
		return err
	}
	if err := redirectOnly(c, consent); err != nil {
		return err
	}

	consent, _, err = identify(c, consent)
	if err != nil {
		return err
	}

	c.Set("ASPSP-SCA-Approach", "REDIRECT")
	return show(c, 201, shapeAuthorisation{scaStatus(c, consent), consent.Facts[authorisationFact], authorisationLinks(c, consent)})
}

func listAuthorisations(c *wire.Call) error {
	consent, err := open(c)
	if err != nil {
		return err
	}

	return show(c, 200, shapeAuthorisations{[]string{consent.Facts[authorisationFact]}})
}

func readAuthorisation(c *wire.Call) error {
	consent, err := openAuthorisation(c)
	if err != nil {
		return err
	}

	return show(c, 200, shapeScaStatus{scaStatus(c, consent)})
}

// updateAuthorisation takes what the redirect approach has use for: who the person is.
func updateAuthorisation(c *wire.Call) error {
	consent, err := openAuthorisation(c)
	if err != nil {
		return err
	}
	if err := redirectOnly(c, consent); err != nil {
		return err
	}

	consent, person, err := identify(c, consent)
	if err == nil && person == nil {
		err = c.Trail.No("PSU named", fail.Field("PSU-ID", "no PSU-ID was sent, and there is nothing else to update").Say("The header PSU-ID is missing."))
	}
	if err != nil {
		return err
	}

	c.Set("ASPSP-SCA-Approach", "REDIRECT")
	links := authorisationLinks(c, consent)
	links.ScaRedirect = nil // not among the links of this answer
	return show(c, 200, shapeAuthorisation{Status: scaStatus(c, consent), Links: links})
}
