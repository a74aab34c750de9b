package seed_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"sandbank/fixtures"
	"sandbank/seed"
)

// bank is a small valid fixture; %s is put after its head.
func bank(rest string) string {
	return "{\n  \"bank\": \"tiny\", \"country\": \"DE\", \"currency\": \"EUR\", \"prefix\": \"00000000\", \"ids\": \"uuid\"" + rest + "\n}\n"
}

func person(rest string) string {
	return bank(",\n  \"people\": [{\"login\": \"a\", \"given\": \"A\"" + rest + "}]")
}

func account(rest string) string { return person(",\n    \"accounts\": [{" + rest + "}]") }

// norwegian is account at a bank in Norway.
func norwegian(rest string) string {
	return strings.NewReplacer(`"DE"`, `"NO"`, `"EUR"`, `"NOK"`, `"00000000"`, `"9999"`).Replace(account(rest))
}

func client(rest string) string {
	return bank(",\n  \"clients\": [{\"id\": \"c\", \"grantTypes\": [\"password\"]" + rest + "}]")
}

func read(text string) (*seed.Fixtures, error) {
	return seed.Read(fstest.MapFS{"tiny.json": {Data: []byte(text)}}, "")
}

// marked takes the mark § out of a text and tells the line and column where it stood.
func marked(t *testing.T, text string) (clean, place string) {
	t.Helper()
	before, after, ok := strings.Cut(text, "§")
	if !ok {
		t.Fatal("no mark in the text")
	}
	column := len([]rune(before[strings.LastIndexByte(before, '\n')+1:])) + 1
	return before + after, fmt.Sprintf("%d:%d", strings.Count(before, "\n")+1, column)
}

func TestReadRefusesWithPlaceAndReason(t *testing.T) {
	t.Parallel()
	const kinds, personas = "current, savings, card, loan", "student, family, freelancer, sme, broke, millionaire, empty, saver, side"
	const grants = "authorization_code, refresh_token, client_credentials, password, urn:ietf:params:oauth:grant-type:device_code"
	for name, c := range map[string]struct{ text, want string }{
		"not JSON":               {"{\n  \"bank\": t§iny}", `invalid character 'i' in literal true (expecting 'r')`},
		"a file that ends early": {"{\n  \"bank\":§", `unexpected end of JSON input`},
		"text after the end":     {"{} §{}", `invalid character '{' after top-level value`},
		"not UTF-8":              {"{\"bank\": \"§\xff\"}", `the file is not UTF-8`},
		"too deep":               {"{\"bank\": " + strings.Repeat("[", 16) + "§" + strings.Repeat("[", 14) + strings.Repeat("]", 30) + "}", `nested deeper than 16 levels`},
		"a list at the top":      {"§[]", `a list where an object belongs`},
		"an unknown field": {bank(`, §"bicc": ""`),
			`bicc: unknown field; known are bank, country, currency, bic, prefix, ids, cards, replace, clients, people, crowd`},
		"a name in the wrong case": {account(`§"Balance": "1.00"`),
			`people[0].accounts[0].Balance: unknown field; known are id, name, product, kind, currency, number, iban, balance, limit, status, persona, months, facts, entries`},
		"a field given twice":     {bank(`, §"bank": "x"`), `bank: the field is given twice`},
		"a fact given twice":      {person(`, "facts": {"x": "1", §"x": "2"}`), `people[0].facts.x: the field is given twice`},
		"a number for a text":     {account(`"balance": §12.5`), `people[0].accounts[0].balance: a number where a text in quotes belongs`},
		"a text for a flag":       {client(`, "loopback": §"yes"`), `clients[0].loopback: a text where true or false belongs`},
		"null":                    {person(`, "email": §null`), `people[0].email: null where a text in quotes belongs`},
		"a fraction for a count":  {account(`"months": §1.5`), `people[0].accounts[0].months: 1.5 is no whole number`},
		"a fact that is a number": {person(`, "facts": {"x": §1}`), `people[0].facts.x: a number where a text in quotes belongs`},

		"no bank":          {`§{"currency": "EUR"}`, `bank: is missing`},
		"no country":       {`§{"bank": "tiny", "currency": "EUR", "ids": "uuid"}`, `country: is missing`},
		"a bad bank":       {strings.Replace(bank(""), `"tiny"`, `§"Tiny"`, 1), `bank: "Tiny" is no bank name; write small letters and digits, as in the URL`},
		"a bad country":    {strings.Replace(bank(""), `"DE"`, `§"de"`, 1), `country: "de" is no country; write two capital letters, as BG`},
		"a bad currency":   {account(`"currency": §"Euro"`), `people[0].accounts[0].currency: "Euro" is no currency; write three capital letters, as EUR`},
		"a bad prefix":     {strings.Replace(bank(""), `"00000000"`, `§"123"`, 1), `prefix: "123" does not begin a BBAN of DE; write "00000000", or others of its form`},
		"a bad BIC":        {bank(`, "bic": §"X"`), `bic: "X" is no BIC; write eight or eleven capital letters and digits`},
		"an unknown form":  {strings.Replace(bank(""), `"uuid"`, `§"guid"`, 1), `ids: "guid" is unknown; one of uuid, key, number, serial, login`},
		"a bad crowd":      {bank(`, "crowd": {"accounts": [{"kind": §"cheque"}]}`), `crowd.accounts[0].kind: "cheque" is unknown; one of ` + kinds},
		"too big a share":  {bank(`, "crowd": {"accounts": [{"share": §101}]}`), `crowd.accounts[0].share: 101 is no share; write 1 to 100`},
		"no client id":     {bank(`, "clients": [§{"grantTypes": ["password"]}]`), `clients[0].id: is missing`},
		"a bad client id":  {bank(`, "clients": [{"id": §"a:b", "grantTypes": ["password"]}]`), `clients[0].id: "a:b" has a blank or a colon, which HTTP Basic cannot carry`},
		"no grant type":    {bank(`, "clients": [§{"id": "c"}]`), `clients[0].grantTypes: at least one is needed: ` + grants},
		"a bad grant type": {bank(`, "clients": [{"id": "c", "grantTypes": [§"implicit"]}]`), `clients[0].grantTypes[0]: "implicit" is unknown; one of ` + grants},
		"a bad scope":      {client(`, "scopes": [§"a b"]`), `clients[0].scopes[0]: "a b" is no scope; write one word each`},
		"a bad redirect":   {client(`, "redirectUris": [§"/cb"]`), `clients[0].redirectUris[0]: "/cb" is no redirect URI; write an absolute one without fragment`},
		"a bad origin":     {client(`, "origins": [§"https://a.example/"]`), `clients[0].origins[0]: "https://a.example/" is no origin; write https://app.example, or * for any`},
		"a client twice": {bank(`, "clients": [{"id": "c", "grantTypes": ["password"]}, {"id": §"c", "grantTypes": ["password"]}]`),
			`clients[1].id: the client id "c" is given twice`},
		"half a service":       {client(`, "service": §{"id": "s", "login": "a"}`), `clients[0].service.secret: is missing`},
		"a service for nobody": {client(`, "service": {"id": "s", "secret": "s", "login": §"zoe"}`), `clients[0].service.login: no person "zoe" at tiny`},

		"no login":           {bank(`, "people": [§{"given": "A"}]`), `people[0].login: is missing`},
		"a bad login":        {bank(`, "people": [{"login": §"a/b", "given": "A"}]`), `people[0].login: "a/b" is no login; write letters, digits and ._+@~- only`},
		"no name":            {bank(`, "people": [§{"login": "a"}]`), `people[0]: the person has no name; write given and family`},
		"a bad birthday":     {person(`, "born": §"17.5.1984"`), `people[0].born: "17.5.1984" is no date; write 1984-05-17`},
		"a bad home country": {person(`, "address": {"country": §"Germany"}`), `people[0].address.country: "Germany" is no country; write two capital letters, as BG`},
		"a login twice": {bank(`, "people": [{"login": "a", "given": "A"}, {"login": §"a", "given": "B"}]`),
			`people[1].login: the login "a" is given twice`},
		"a client that is not there": {person(`, "client": §"zoe"`), `people[0].client: no client "zoe" at tiny`},

		"a bad amount":        {account(`"balance": §"abc"`), `people[0].accounts[0].balance: "abc" is no amount; write 12.34`},
		"a comma":             {account(`"balance": §"1,50"`), `people[0].accounts[0].balance: "1,50" is no amount; write 12.34`},
		"a third decimal":     {account(`"balance": §"1.500"`), `people[0].accounts[0].balance: "1.500" is no amount; write 12.34`},
		"a negative limit":    {account(`"limit": §"-1.00"`), `people[0].accounts[0].limit: the limit -1.00 is negative`},
		"a mistyped IBAN":     {account(`"iban": §"DE88370400440532013000"`), `people[0].accounts[0].iban: "DE88370400440532013000" has wrong check digits; 89 would be right`},
		"a short IBAN":        {account(`"iban": §"DE8937040044053201300"`), `people[0].accounts[0].iban: "DE8937040044053201300" is no IBAN; write it without blanks, as BG12SBNK91551000448998`},
		"an unknown kind":     {account(`"kind": §"cheque"`), `people[0].accounts[0].kind: "cheque" is unknown; one of ` + kinds},
		"an unknown status":   {account(`"status": §"open"`), `people[0].accounts[0].status: "open" is unknown; one of enabled, blocked, closed`},
		"an unknown persona":  {account(`"persona": §"rich"`), `people[0].accounts[0].persona: "rich" is unknown; one of ` + personas},
		"too many months":     {account(`"months": §121`), `people[0].accounts[0].months: 121 months are no history; write 1 to 120`},
		"an account id twice": {account(`"id": "x"}, {"id": §"x"`), `people[0].accounts[1].id: the account id "x" is given twice`},
		"a number twice":      {account(`"number": "1"}, {"number": §"1"`), `people[0].accounts[1].number: the account number "1" is given twice`},
		"an entry of nothing": {account(`"entries": [{"amount": §"0.00", "at": "-1d"}]`), `people[0].accounts[0].entries[0].amount: an entry of nothing`},
		"an entry without at": {account(`"entries": [§{"amount": "1.00"}]`), `people[0].accounts[0].entries[0].at: is missing`},
		"a bad time":          {account(`"entries": [{"amount": "1.00", "at": §"soon"}]`), `people[0].accounts[0].entries[0].at: "soon" is no time; write 2026-03-01T09:30:00Z, or from the start -3d or 20h`},
		"an unknown type":     {account(`"entries": [{"amount": "1.00", "at": "-1d", "type": §"opening"}]`), `people[0].accounts[0].entries[0].type: "opening" is unknown; one of card, transfer, salary, standing, fee, interest, cash`},
		"a bad MCC":           {account(`"entries": [{"amount": "1.00", "at": "-1d", "mcc": §"54"}]`), `people[0].accounts[0].entries[0].mcc: "54" is no merchant category code; write four digits`},
		"an entry id twice":   {account(`"entries": [{"id": "e", "amount": "1.00", "at": "-1d"}, {"id": §"e", "amount": "1.00", "at": "-1d"}]`), `people[0].accounts[0].entries[1].id: the entry id "e" is given twice`},
		"a bad check digit":   {norwegian(`"number": §"99994010015"`), `people[0].accounts[0].number: "99994010015" has a wrong check digit; 4 would be right`},
		"no check digit":      {norwegian(`"number": §"99994060020"`), `people[0].accounts[0].number: no account number begins with 9999406002: it would have the check digit 10`},
		"one in an IBAN":      {norwegian(`"iban": §"` + seed.IBAN("NO", "99994010015") + `"`), `people[0].accounts[0].iban: "99994010015" has a wrong check digit; 4 would be right`},
		"cards all alike":     {bank(`, "cards": §"K1234###"`), `cards: "K1234###" has not enough # for different numbers; write four or more`},
		"columns in runes":    {person(`, "family": "Ødegård", "born": §"x"`), `people[0].born: "x" is no date; write 1984-05-17`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, place := marked(t, c.text)
			f, err := read(text)
			if err == nil || f != nil {
				t.Fatalf("was accepted; want %s", c.want)
			}
			if want := "tiny.json:" + place + ": " + c.want; err.Error() != want {
				t.Errorf("got  %s\nwant %s", err, want)
			}
		})
	}
}

func TestReadTellsAllMistakesAtOnce(t *testing.T) {
	t.Parallel()
	_, err := read(`{
  "bank": "tiny", "country": "JP", "currency": "JPY", "ids": "login",
  "people": [{
    "login": "a", "given": "A", "accounts": [{"balance": "abc", "months": 500}]
  }]
}`)
	want := `tiny.json:4:58: people[0].accounts[0].balance: "abc" is no amount; write 12.34
tiny.json:4:75: people[0].accounts[0].months: 500 months are no history; write 1 to 120`
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestReadStopsTellingAfterTwentyMistakes(t *testing.T) {
	t.Parallel()
	_, err := read(bank(`, "x": 1` + strings.Repeat(`, "x": 1`, 99)))
	if got := strings.Count(err.Error(), "\n") + 1; got != 20 {
		t.Errorf("told %d mistakes, want 20", got)
	}
}

// write puts a file into a fresh directory and returns its path.
func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// roll is the logins and client ids of one bank.
func roll(t *testing.T, f *seed.Fixtures, bank string) string {
	t.Helper()
	for _, b := range f.Banks {
		if b.Bank != bank {
			continue
		}
		var out []string
		for _, p := range b.People {
			out = append(out, p.Login+"="+p.Given)
		}
		for _, c := range b.Clients {
			out = append(out, c.ID)
		}
		return strings.Join(out, " ")
	}
	t.Fatalf("no bank %s", bank)
	return ""
}

func TestOwnFileIsLaidOverTheEmbeddedOne(t *testing.T) {
	t.Parallel()
	const zoe, john = `{"login": "zoe", "given": "Zoe"}`, `{"login": "jane", "given": "John"}`
	for name, c := range map[string]struct{ own, want string }{
		"adds a person":            {`{"bank": "berlin", "people": [` + zoe + `]}`, "dave=Dave jane=Jane zoe=Zoe bg-demo bg-spa"},
		"replaces a person whole":  {`{"bank": "berlin", "people": [` + john + `]}`, "dave=Dave jane=John bg-demo bg-spa"},
		"adds a client":            {`{"bank": "berlin", "clients": [{"id": "mine", "grantTypes": ["password"]}]}`, "dave=Dave jane=Jane bg-demo bg-spa mine"},
		"drops the embedded ones":  {`{"bank": "berlin", "replace": true, "people": [` + zoe + `]}`, "zoe=Zoe"},
		"leaves other banks alone": {`{"bank": "finapi", "replace": true}`, "dave=Dave jane=Jane bg-demo bg-spa"},
		"may start with a BOM":     {"\xef\xbb\xbf" + `{"bank": "berlin", "people": [` + zoe + `]}`, "dave=Dave jane=Jane zoe=Zoe bg-demo bg-spa"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, err := seed.Read(fixtures.FS, write(t, "own.json", c.own))
			if err != nil {
				t.Fatal(err)
			}
			if got := roll(t, f, "berlin"); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestNorwegianNumbersAreRead(t *testing.T) {
	t.Parallel()
	for _, number := range []string{"99994010014", "86011117947", "K9999000271", "K999900027", "1234567"} {
		if _, err := read(norwegian(`"number": "` + number + `"`)); err != nil {
			t.Error(err)
		}
	}
	if _, err := read(account(`"number": "99994010015"`)); err != nil {
		t.Errorf("a bank in Germany: %v", err)
	}
	own := write(t, "own.json", `{"bank": "sparebank1", "people": [{"login": "zoe", "given": "Zoe", "accounts": [{"number": "99994010015"}]}]}`)
	if _, err := seed.Read(fixtures.FS, own); err == nil || !strings.Contains(err.Error(), "4 would be right") {
		t.Errorf("an own file, which need not name the country: %v", err)
	}
}

func TestOwnFileMayUseWhatTheEmbeddedOneHas(t *testing.T) {
	t.Parallel()
	own := write(t, "own.json", `{"bank": "s2s", "clients": [{"id": "mine", "grantTypes": ["refresh_token"],
		"service": {"id": "1", "secret": "2", "login": "colucci"}}]}`)
	if _, err := seed.Read(fixtures.FS, own); err != nil {
		t.Fatal(err)
	}
}

func TestOwnFileIsRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ own, want string }{
		"for an unknown bank": {`{"bank": §"berlni"}`, `bank: "berlni" is no bank here; one of berlin, finapi, s2s, sparebank1, yoisho`},
		"for a taken account id": {`{"bank": "finapi", "people": [{"login": "zoe", "given": "Zoe", "accounts": [{"id": §"3"}]}]}`,
			`people[0].accounts[0].id: the account id "3" is given twice`},
		"for a taken IBAN": {`{"bank": "berlin", "people": [{"login": "zoe", "given": "Zoe", "accounts": [{"iban": §"BG12SBNK91551000448998"}]}]}`,
			`people[0].accounts[0].iban: the IBAN "BG12SBNK91551000448998" is given twice`},
		"for a service whose person it drops": {`{"bank": "s2s", "replace": true, "clients": [{"id": "c", "grantTypes": ["password"],
"service": {"id": "1", "secret": "2", "login": §"ali"}}]}`, `clients[0].service.login: no person "ali" at s2s`},
		"for a prefix without country": {`{"bank": "berlin", "prefix": §"SBNK915511"}`,
			`prefix: the prefix needs the country that it belongs to; write both`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, place := marked(t, c.own)
			path := write(t, "own.json", text)
			_, err := seed.Read(fixtures.FS, path)
			if err == nil {
				t.Fatalf("was accepted; want %s", c.want)
			}
			if want := path + ":" + place + ": " + c.want; err.Error() != want {
				t.Errorf("got  %s\nwant %s", err, want)
			}
		})
	}
}

func TestOwnDirectoryIsReadWhole(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"1.json": `{"bank": "berlin", "people": [{"login": "zoe", "given": "Zoe"}]}`,
		"2.json": `{"bank": "berlin", "people": [{"login": "zoe", "given": "Zora"}]}`,
		"README": `not JSON`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	f, err := seed.Read(fixtures.FS, dir)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := roll(t, f, "berlin"), "dave=Dave jane=Jane zoe=Zora bg-demo bg-spa"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestOwnPathThatIsNotThereIsAnError(t *testing.T) {
	t.Parallel()
	if _, err := seed.Read(fixtures.FS, filepath.Join(t.TempDir(), "none.json")); err == nil {
		t.Error("a missing file was accepted")
	}
	if _, err := seed.Read(fixtures.FS, t.TempDir()); err == nil {
		t.Error("an empty directory was accepted")
	}
}
