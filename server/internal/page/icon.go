package page

import (
	"html/template"
	"slices"
)

// symbol is one icon of the sprite: 24 px, strokes of 1.75, drawn in the text's colour.
type symbol struct {
	Name  string
	Lines template.HTML
}

// symbols are those of the names, each once.
func symbols(names []string) []symbol {
	slices.Sort(names)
	names = slices.Compact(names)
	set := make([]symbol, len(names))
	for i, name := range names {
		set[i] = symbol{name, lines(name)}
	}
	return set
}

// known keeps a misspelt Ask.Icon from leaving a hole in a list.
func known(name string) string {
	if lines(name) == "" {
		return "consent"
	}
	return name
}

func lines(name string) template.HTML {
	switch name {
	case "alert":
		return `<path d="M12 4L2.8 20h18.4zM12 10v4.5M12 17.3v.01"/>`
	case "bank":
		return `<path d="M3 9l9-5 9 5zM5 12v6M10 12v6M14 12v6M19 12v6M3 21h18"/>`
	case "card":
		return `<rect x="3" y="5.5" width="18" height="13" rx="2"/><path d="M3 10h18M6.5 15h4"/>`
	case "check":
		return `<path d="M4.5 12.5l5 5L19.5 7"/>`
	case "clock":
		return `<circle cx="12" cy="12" r="8.5"/><path d="M12 7v5l3.5 2"/>`
	case "consent":
		return `<path d="M6 3h8l4 4v14H6z"/><path d="M14 3v4h4M9 14l2.2 2.2L15 12"/>`
	case "copy":
		return `<path d="M9 9h11v11H9zM5 15H4V4h11v1"/>`
	case "here":
		return `<circle cx="12" cy="12" r="8"/><circle cx="12" cy="12" r="2.5" fill="currentColor"/>`
	case "list":
		return `<path d="M4 6h10M4 12h6M4 18h6"/><circle cx="15.5" cy="14.5" r="3.5"/><path d="M18 17l3 3"/>`
	case "moon":
		return `<path d="M20 14.5A8.5 8.5 0 1 1 9.5 4a7 7 0 0 0 10.5 10.5z"/>`
	case "next":
		return `<circle cx="12" cy="12" r="8"/>`
	case "rotate":
		return `<path d="M4 11a8 8 0 0 1 14-4.5L20 9M20 4v5h-5M20 13a8 8 0 0 1-14 4.5L4 15M4 20v-5h5"/>`
	case "screen":
		return `<path d="M3 5h18v11H3zM9 20h6M12 16v4"/>`
	case "sun":
		return `<circle cx="12" cy="12" r="4"/><path d="M12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M5.3 18.7l1.4-1.4M17.3 6.7l1.4-1.4"/>`
	case "user":
		return `<circle cx="12" cy="8" r="4"/><path d="M4.5 20.5c.6-4 3.6-6.5 7.5-6.5s6.9 2.5 7.5 6.5"/>`
	}
	return ""
}

func (p Login) icons() []string {
	return slices.Concat(alertIcon(p.Alert), stepIcons(p.Steps, p.Step), askIcons(p.Asks))
}

func (p Consent) icons() []string {
	names := slices.Concat(alertIcon(p.Alert), stepIcons(p.Steps, p.Step), askIcons(p.Asks))
	if p.Fixed && slices.ContainsFunc(p.Choices, func(c Choice) bool { return !c.Off }) {
		names = append(names, "check")
	}
	return names
}

func (p Picker) icons() []string { return nil }

func (p Code) icons() []string { return slices.Concat(alertIcon(p.Alert), stepIcons(p.Steps, p.Step)) }

func (p Device) icons() []string { return alertIcon(p.Alert) }

func (p Connections) icons() []string {
	if p.Notice != "" {
		return []string{"check"}
	}
	return nil
}

func (p Handover) icons() []string { return nil }

func (p Message) icons() []string { return nil }

func (p Start) icons() []string { return []string{"copy", "sun", "screen", "moon"} }

func alertIcon(text string) []string {
	if text == "" {
		return nil
	}
	return []string{"alert"}
}

func stepIcons(names []string, at int) []string {
	var icons []string
	for _, s := range trackOf(names, at) {
		switch {
		case s.Done:
			icons = append(icons, "check")
		case s.Now:
			icons = append(icons, "here")
		default:
			icons = append(icons, "next")
		}
	}
	return icons
}

func askIcons(asks []Ask) []string {
	var icons []string
	for _, a := range asks {
		icons = append(icons, known(a.Icon))
	}
	return icons
}
