package world

// Switches are what is turned on or off for a space as a whole. Its Gate guards them. A change by way of Change can be taken back, a
// snapshot has them, and a reset of everything turns them back to what Switched says.
type Switches struct {
	TellRequest bool `json:"tellRequest"` // every answer of a bank names its entry in the journal
	TellNow     bool `json:"tellNow"`     // every answer of a bank says what the space's clock shows
}

// Switched is how the switches of a new space stand. A file of a snapshot that does not know one yet has it like this too.
func Switched() Switches { return Switches{} }
