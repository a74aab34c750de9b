package seed

import "time"

// A working day is Monday to Friday; public holidays differ too much between the banks' countries to be worth a table.

// workday is the given day, or the nearest working day after it (before it, when back is true).
func workday(day time.Time, back bool) time.Time {
	step := 1
	if back {
		step = -1
	}
	for day.Weekday() == time.Saturday || day.Weekday() == time.Sunday {
		day = day.AddDate(0, 0, step)
	}
	return day
}

// midnight is the start of the day on which t falls.
func midnight(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, t.Location())
}

// month is a calendar month counted from year 0.
type month int

func monthOf(t time.Time) month { return month(t.Year()*12 + int(t.Month()) - 1) }

// day is midnight UTC of the nth day, which exists in every month up to 28.
func (m month) day(n int) time.Time {
	return time.Date(int(m)/12, time.Month(int(m)%12+1), n, 0, 0, 0, 0, time.UTC)
}

func (m month) days() int { return (m + 1).day(0).Day() }

// number is 1 for January.
func (m month) number() int { return int(m)%12 + 1 }
