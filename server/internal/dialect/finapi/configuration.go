package finapi

import (
	"maps"
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"sandbank/server/fail"
	"sandbank/server/grant"
	"sandbank/server/internal/wire"
)

// autoVerify is the fact of a client that turns auto-verification of its users off; the others that a client may set are facts too,
// under the names that the wire has for them.
const autoVerify = "isUserAutoVerificationEnabled"

// shapeConfiguration has the settings that the sandbox lives by; the rest say what a sandbox client has.
type shapeConfiguration struct {
	PFM               bool     `json:"pfmServicesEnabled"`
	BatchUpdate       bool     `json:"isAutomaticBatchUpdateEnabled"`
	DevelopmentMode   bool     `json:"isDevelopmentModeEnabled"`
	NonEuro           bool     `json:"isNonEuroAccountsSupported"`
	AutoCategory      bool     `json:"isAutoCategorizationEnabled"`
	License           string   `json:"mandatorLicense"`
	ConsentType       string   `json:"preferredConsentType"`
	NotificationURL   *string  `json:"userNotificationCallbackUrl"`
	SynchronizeURL    *string  `json:"userSynchronizationCallbackUrl"`
	RefreshPeriod     int64    `json:"refreshTokensValidityPeriod"`
	UserPeriod        int64    `json:"userAccessTokensValidityPeriod"`
	ClientPeriod      int64    `json:"clientAccessTokensValidityPeriod"`
	MaxAttempts       int64    `json:"maxUserLoginAttempts"`
	ImportLimit       int64    `json:"transactionImportLimitation"`
	AutoVerification  bool     `json:"isUserAutoVerificationEnabled"`
	MandatorAdmin     bool     `json:"isMandatorAdmin"`
	WebScraping       bool     `json:"isWebScrapingEnabled"`
	XS2A              bool     `json:"isXs2aEnabled"`
	PINStorage        bool     `json:"pinStorageAvailableInWebForm"`
	Payments          bool     `json:"paymentsEnabled"`
	StandalonePayment bool     `json:"isStandalonePaymentsEnabled"`
	BankGroups        []string `json:"availableBankGroups"`
	Products          []string `json:"products"`
	ApplicationName   *string  `json:"applicationName"`
	FinTSNumber       *string  `json:"finTSProductRegistrationNumber"`
	SecretStorage     bool     `json:"storeSecretsAvailableInWebForm"`
	SupportSubject    *string  `json:"supportSubjectDefault"`
	SupportEmail      *string  `json:"supportEmail"`
	AISForm           string   `json:"aisWebFormMode"`
	PISForm           string   `json:"pisWebFormMode"`
	StandaloneForm    string   `json:"pisStandaloneWebFormMode"`
	BetaBanks         bool     `json:"betaBanksEnabled"`
	Restrictions      *[]int64 `json:"categoryRestrictions"`
	AutoDismount      bool     `json:"autoDismountWebForm"`
	CORS              []string `json:"corsAllowedOrigins"`
}

func showClient(c *wire.Call, client *grant.Client) shapeConfiguration {
	seconds := func(k grant.Knob) int64 {
		v, _ := c.Space.Grants.Policy.Value(k, name, client.ID, "")
		if v.Never {
			return 0
		}
		return int64(v.Duration / time.Second)
	}
	attempts, _ := c.Space.Grants.Policy.Value(grant.Attempts, name, client.ID, "")
	f := client.Facts
	number := text(f["finTSProductRegistrationNumber"])
	if number != nil {
		number = text(hidden)
	}
	return shapeConfiguration{
		PFM: true, BatchUpdate: true, DevelopmentMode: true, NonEuro: true, AutoCategory: true, License: "UNLICENSED", ConsentType: "ONETIME",
		NotificationURL: text(f["userNotificationCallbackUrl"]), SynchronizeURL: text(f["userSynchronizationCallbackUrl"]),
		RefreshPeriod: seconds(grant.RefreshTTL), UserPeriod: seconds(grant.AccessTTL), ClientPeriod: seconds(grant.ClientTTL),
		MaxAttempts: attempts.Count, AutoVerification: f[autoVerify] != "false", BankGroups: []string{"DE"}, Products: []string{"ACCESS"},
		PINStorage: f["isPinStorageAvailableInWebForm"] == "true", SecretStorage: f["storeSecretsAvailableInWebForm"] == "true",
		ApplicationName: text(f["applicationName"]), FinTSNumber: number, SupportSubject: text(f["supportSubjectDefault"]),
		SupportEmail: text(f["supportEmail"]), AISForm: "DISABLED", PISForm: "DISABLED", StandaloneForm: "DISABLED",
		BetaBanks: f["betaBanksEnabled"] == "true", CORS: []string{},
	}
}

func showConfiguration(c *wire.Call) error {
	client, err := asClient(c)
	if err != nil {
		return err
	}

	return c.JSON(200, showClient(c, client))
}

// configurationBody is ClientConfigurationParams. isUserAutoVerificationEnabled and maxUserLoginAttempts are set by finAPI's support in
// real life; here a client may set them itself.
type configurationBody struct {
	RefreshPeriod    *int64  `json:"refreshTokensValidityPeriod"`
	UserPeriod       *int64  `json:"userAccessTokensValidityPeriod"`
	ClientPeriod     *int64  `json:"clientAccessTokensValidityPeriod"`
	MaxAttempts      *int64  `json:"maxUserLoginAttempts"`
	AutoVerification *bool   `json:"isUserAutoVerificationEnabled"`
	PINStorage       *bool   `json:"isPinStorageAvailableInWebForm"`
	SecretStorage    *bool   `json:"storeSecretsAvailableInWebForm"`
	BetaBanks        *bool   `json:"betaBanksEnabled"`
	NotificationURL  *string `json:"userNotificationCallbackUrl"`
	SynchronizeURL   *string `json:"userSynchronizationCallbackUrl"`
	ApplicationName  *string `json:"applicationName"`
	FinTSNumber      *string `json:"finTSProductRegistrationNumber"`
	SupportSubject   *string `json:"supportSubjectDefault"`
	SupportEmail     *string `json:"supportEmail"`
}

// editConfiguration turns the knobs of the policy at the client's level. It "only applies to newly requested tokens".
func editConfiguration(c *wire.Call) error {
	client, err := asClient(c)
	if err != nil {
		return err
	}
	var in configurationBody
	if err := body(c, &in); err != nil {
		return err
	}
	if err := in.check(c); err != nil {
		return err
	}

	facts := in.facts()
	next, err := c.Space.Grants.UpdateClient(name, client.ID, func(v *grant.Client) {
		all := map[string]string{}
		maps.Copy(all, v.Facts)
		maps.Copy(all, facts)
		v.Facts = all
	})
	if err != nil {
		return c.Trail.No("client there", fail.New(fail.TokenRevoked, "client %s was removed meanwhile", client.ID))
	}
	at := grant.Level{Bank: name, Client: client.ID}
	for knob, seconds := range map[grant.Knob]*int64{grant.RefreshTTL: in.RefreshPeriod, grant.AccessTTL: in.UserPeriod, grant.ClientTTL: in.ClientPeriod} {
		if seconds != nil {
			c.Space.Grants.Policy.Set(at, knob, period(*seconds))
		}
	}
	if in.MaxAttempts != nil {
		c.Space.Grants.Policy.Set(at, grant.Attempts, grant.Count(*in.MaxAttempts))
	}

	return c.JSON(200, showClient(c, next))
}

// period is a validity in seconds; 0 never ends.
func period(seconds int64) grant.Value {
	if seconds == 0 {
		return grant.Forever()
	}
	return grant.Lifetime(time.Duration(seconds) * time.Second)
}

func (in *configurationBody) check(c *wire.Call) error {
	for _, f := range []struct {
		param   string
		seconds *int64
	}{{"refreshTokensValidityPeriod", in.RefreshPeriod}, {"userAccessTokensValidityPeriod", in.UserPeriod}, {"clientAccessTokensValidityPeriod", in.ClientPeriod}} {
		if n := f.seconds; n != nil && *n != 0 && (*n < 60 || *n > math.MaxInt32) {
			return field(c, f.param, badRequest, "The field '"+f.param+"' must be 0, or 60 or greater.", "%s is %d", f.param, *n)
		}
	}
	if n := in.MaxAttempts; n != nil && (*n < 0 || *n > math.MaxInt32) {
		return field(c, "maxUserLoginAttempts", badRequest, "The field 'maxUserLoginAttempts' must be 0 or greater.", "maxUserLoginAttempts is %d", *n)
	}
	for _, f := range []struct {
		param string
		link  *string
	}{{"userNotificationCallbackUrl", in.NotificationURL}, {"userSynchronizationCallbackUrl", in.SynchronizeURL}} {
		if f.link != nil && !callback(*f.link) {
			return field(c, f.param, badRequest, "The field '"+f.param+"' is not a valid callback URL.", "%s is no http(s) URL with a host, or longer than 2048", f.param)
		}
	}
	if n := in.FinTSNumber; n != nil && (len(*n) > 25 || strings.Trim(*n, "0123456789ABCDEF") != "") {
		return field(c, "finTSProductRegistrationNumber", badRequest, "The field 'finTSProductRegistrationNumber' must have up to 25 characters out of 0-9 and A-F.",
			"finTSProductRegistrationNumber has %d characters or one that is not hexadecimal", utf8.RuneCountInString(*n))
	}
	if err := plain(c, "applicationName", in.ApplicationName, 64); err != nil {
		return err
	}
	if err := plain(c, "supportSubjectDefault", in.SupportSubject, 100); err != nil {
		return err
	}
	return plain(c, "supportEmail", in.SupportEmail, longestEmail)
}

// callback tells whether a callback URL can be called; "" clears it.
func callback(link string) bool {
	u, err := url.Parse(link)
	return link == "" || err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && len(link) <= 2048
}

// facts are the settings that have no knob.
func (in *configurationBody) facts() map[string]string {
	out := map[string]string{}
	for param, flag := range map[string]*bool{autoVerify: in.AutoVerification, "isPinStorageAvailableInWebForm": in.PINStorage,
		"storeSecretsAvailableInWebForm": in.SecretStorage, "betaBanksEnabled": in.BetaBanks} {
		if flag != nil {
			out[param] = strconv.FormatBool(*flag)
		}
	}
	for param, text := range map[string]*string{"userNotificationCallbackUrl": in.NotificationURL, "userSynchronizationCallbackUrl": in.SynchronizeURL,
		"applicationName": in.ApplicationName, "finTSProductRegistrationNumber": in.FinTSNumber, "supportSubjectDefault": in.SupportSubject, "supportEmail": in.SupportEmail} {
		if text != nil {
			out[param] = *text
		}
	}
	return out
}
