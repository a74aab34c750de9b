package grant

// Profile is what a bank tells the core about its tokens: the defaults of the policy cascade and the form of the values.
type Profile struct {
	Bank     string
	Title    string   // for people: "SpareBank 1"
	Scopes   []string // that clients may ask for
	Defaults Settings
	Original Settings // what stands in for some defaults where fidelity is original
	Form     Form     // nil: 256 bits of base64url
	Settle   Settle   // nil: the bank knows of its consents what everybody does
	Door     Door
}
