package s2s

// The schedule of fees. The document shows two points of it, which it hits: a remittance of 121.80 costs 2.10 and 0.11 of tax, an EFT of
// 200.01 costs 4.87 and 0.23.
//
//	amount to      remittance   EFT commission
//	1,000.00             2.10             4.60
//	50,000.00            4.20             9.20
//	and more            42.00            92.00
//
// An EFT costs 0.27 more, which the central bank takes per message and the bank hands on. The tax is the banking transactions tax (BSMV):
// 5 % of what the bank itself earns, rounded half up; the message is not part of that, which is why 0.23 is 5 % of 4.60 and not of 4.87.
// A transfer in a foreign currency costs the same figures in that currency.
const (
	message = 27 // minor units
	tax     = 5  // per cent
)

func remittanceFee(amount int64) (int64, int64) {
	earned := scale(amount, 2_10)
	return earned, bsmv(earned)
}

func eftFee(amount int64) (int64, int64) {
	earned := scale(amount, 4_60)
	return earned + message, bsmv(earned)
}

// scale is the commission on an amount, from that of the lowest step.
func scale(amount, lowest int64) int64 {
	switch {
	case amount <= 1_000_00:
		return lowest
	case amount <= 50_000_00:
		return 2 * lowest
	}
	return 20 * lowest
}

func bsmv(earned int64) int64 { return (earned*tax + 50) / 100 }
