package s2s

// What the fuzz targets and the tests of the tables reach inside for.
var (
	ParseAmount = parseAmount
	ParseIBAN   = parseIBAN
	SpacedBasic = spacedBasic
	Number      = number
	Plain       = plain
	Decimal     = decimal
	Interest    = interest
	EFTFee      = eftFee
	HavaleFee   = remittanceFee
	Form        = form
)
