package sparebank1

import "time"

// Warnings of a transfer: it was taken, but not quite as asked for.
const (
	warnDuplicate = "DUPLICATE_PAYMENT_EXISTS"
	warnCutoff    = "CUTOFF_TIME_HAS_PASSED"
	warnPast      = "DUE_DATE_IN_THE_PAST_MOVED_TO_NEXT_VALID_DATE"
	warnClosed    = "DUE_DATE_MOVED_SINCE_BANK_IS_CLOSED_ON_REQUESTED_DATE"
)

const (
	cutoffHour = 20 // what comes later is booked on the next day that the bank is open
	openHour   = 6  // when the payments of a later day are booked
)

// schedule decides when a transfer is booked that is asked for on a date (zero: today), and what there is to say about it. Transfers of
// an open day are booked at once, those of another day in its morning.
func schedule(asked, now time.Time) (due, at time.Time, warnings []string) {
	today := day(now)
	due = asked
	if due.IsZero() {
		due = today
	}
	switch {
	case due.Before(today):
		due, warnings = today, append(warnings, warnPast)
	case closed(due):
		warnings = append(warnings, warnClosed)
	}
	due = open(due)
	if due.Equal(today) && now.In(oslo()).Hour() >= cutoffHour {
		due, warnings = open(today.AddDate(0, 0, 1)), append(warnings, warnCutoff)
	}
	if due.Equal(today) {
		return due, now, warnings
	}
	return due, time.Date(due.Year(), due.Month(), due.Day(), openHour, 0, 0, 0, oslo()), warnings
}

// open is the first day from d on that the bank is open.
func open(d time.Time) time.Time {
	for closed(d) {
		d = d.AddDate(0, 0, 1)
	}
	return d
}

// closed tells whether Norwegian banks are: at weekends and on public holidays, most of which follow Easter.
func closed(d time.Time) bool {
	if wd := d.Weekday(); wd == time.Saturday || wd == time.Sunday {
		return true
	}
	switch m, n := d.Month(), d.Day(); {
	case m == time.January && n == 1, // New Year
		m == time.May && (n == 1 || n == 17), // Labour Day, Constitution Day
		m == time.December && (n == 25 || n == 26):
		return true
	}
	switch d.YearDay() - easter(d.Year()).YearDay() {
	case -3, -2, 0, 1, 39, 49, 50: // Maundy Thursday, Good Friday, Easter, Easter Monday, Ascension, Whitsun, Whit Monday
		return true
	}
	return false
}

// easter is Easter Sunday by the Gregorian computus (Meeus, Jones and Butcher).
func easter(year int) time.Time {
	a, b, c := year%19, year/100, year%100
	d, e := b/4, b%4
	f := (b + 8) / 25
	g := (b - f + 1) / 3
	h := (19*a + b - d - g + 15) % 30
	i, k := c/4, c%4
	l := (32 + 2*e + 2*i - h - k) % 7
	m := (a + 11*h + 22*l) / 451
	n := h + l - 7*m + 114
	return time.Date(year, time.Month(n/31), n%31+1, 0, 0, 0, 0, time.UTC)
}

// day is midnight in UTC of the date on which t falls in Norway: a date without a zone.
func day(t time.Time) time.Time {
	y, m, d := t.In(oslo()).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}
