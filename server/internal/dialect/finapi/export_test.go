package finapi

// What the fuzz targets and the tests of the tables reach inside for.
var (
	ParseMoney = parseMoney
	ReadMark   = readMark
	Identifier = identifier
	IBAN       = iban
	Nightly    = nightly
	Dated      = dated
	Holds      = holds
)

type Money = money
