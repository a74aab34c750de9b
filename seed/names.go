package seed

import (
	"strings"

	"github.com/brianvoe/gofakeit/v7"

	"sandbank/server/ledger"
)

// names are what a country calls its people, streets and towns. gofakeit speaks English only. Telephone numbers begin with zeros after
// the country code, so they can be nobody's; Germany has numbers reserved for drama.
type names struct {
	women, men, families []string
	feminine             bool // family names of women end in -a
	streets              []string
	towns                [][2]string // postcode, name
	phone                string      // # is a digit
}

func (n *names) person(f *gofakeit.Faker, female bool) (given, family string) {
	given, family = f.RandomString(n.men), f.RandomString(n.families)
	if female {
		given = f.RandomString(n.women)
		if n.feminine {
			family += "a"
		}
	}
	return given, family
}

// address is in the order of the country: number after the street, or block before the town in Japan.
func (n *names) address(f *gofakeit.Faker, country string) Address {
	town := n.towns[f.Number(0, len(n.towns)-1)]
	street := f.RandomString(n.streets)
	a := Address{Street: street + " " + f.Numerify("#"), Postcode: town[0], City: town[1], Country: country}
	if last := len(a.Street) - 1; a.Street[last] == '0' {
		a.Street = a.Street[:last] + "10"
	}
	if country == "JP" {
		a.Street = strings.TrimPrefix(a.Street[len(street):], " ") + f.Numerify("-1#, ") + street
		a.Line = a.Postcode + ", " + a.Street + ", " + a.City
		return a
	}
	a.Line = a.Street + ", " + a.Postcode + " " + a.City
	return a
}

func namesOf(country string) names {
	switch country {
	case "JP":
		return japanese()
	case "BG":
		return bulgarian()
	case "NO":
		return norse()
	case "TR":
		return turkish()
	}
	return german()
}

func list(text string) []string { return strings.Split(text, " ") }

func japanese() names {
	return names{
		women:    list("Yui Hana Sakura Aoi Misaki Keiko Yumi Akari Haruka Naoko Emi Rina Tomoko Mei Chiyo Ayumi Kaori Miho Nanami Sayuri"),
		men:      list("Haruto Sota Yuto Ren Kenji Takashi Hiroshi Daiki Kaito Shota Akira Makoto Ryo Naoki Tsubasa Kazuo Satoru Yusuke Jun Goro"),
		families: list("Sato Suzuki Takahashi Tanaka Watanabe Ito Yamamoto Nakamura Kobayashi Kato Yoshida Yamada Sasaki Matsumoto Inoue Kimura Hayashi Shimizu Mori Ikeda Hashimoto Ogawa"),
		streets:  list("Nishimachi Sakuragaoka Honcho Midorigaoka Asahi Minamimachi Kitamachi Hinode Chuo Izumi"),
		towns: [][2]string{{"000-0001", "Sapporo-shi, Hokkaido"}, {"000-0002", "Sendai-shi, Miyagi"}, {"000-0003", "Nagoya-shi, Aichi"},
			{"000-0004", "Kyoto-shi, Kyoto"}, {"000-0005", "Fukuoka-shi, Fukuoka"}, {"000-0006", "Yokohama-shi, Kanagawa"}},
		phone: "+8100-000-####",
	}
}

func bulgarian() names {
	return names{
		women:    list("Maria Elena Ivana Desislava Gergana Viktoria Nikoleta Tsvetelina Rositsa Yana Milena Radostina Daniela Kalina Silvia Teodora Boryana Petya Ralitsa Simona"),
		men:      list("Georgi Ivan Dimitar Nikolay Petar Hristo Todor Stefan Vasil Aleksandar Boyan Kiril Plamen Martin Yordan Rumen Stoyan Asen Lyubomir Emil"),
		families: list("Ivanov Georgiev Dimitrov Petrov Nikolov Hristov Stoyanov Todorov Iliev Vasilev Angelov Kolev Popov Marinov Atanasov Yankov Simeonov Kostov Bozhilov Genov"),
		feminine: true,
		streets:  []string{"ul. Rakovski", "bul. Vitosha", "ul. Shipka", "ul. Ivan Vazov", "ul. Tsar Simeon", "bul. Maria Luiza", "ul. Pirotska", "ul. Oborishte"},
		towns:    [][2]string{{"1000", "Sofia"}, {"4000", "Plovdiv"}, {"9000", "Varna"}, {"8000", "Burgas"}, {"7000", "Ruse"}, {"5000", "Veliko Tarnovo"}},
		phone:    "+359 000 000 ###",
	}
}

func norse() names {
	return names{
		women:    list("Nora Ingrid Kari Solveig Astrid Maja Sigrid Hedda Frida Thea Ragnhild Silje Marte Ida Tuva Liv Eline Guro Vilde Synne"),
		men:      list("Jakob Emil Ola Lars Magnus Henrik Sindre Eirik Håkon Jonas Kristian Øyvind Sondre Torstein Even Mathias Vegard Leif Trygve Aksel"),
		families: list("Hansen Johansen Olsen Larsen Andersen Nilsen Halvorsen Berg Haugen Hagen Bakken Solberg Lie Moen Dahl Eide Strand Myhre Lund Sæther Fossum Ødegård"),
		streets:  list("Storgata Kirkegata Skolegata Parkveien Bjørkeveien Fjordgata Strandgata Nygata Elvegata Havnegata"),
		towns: [][2]string{{"7011", "Trondheim"}, {"0155", "Oslo"}, {"2317", "Hamar"}, {"5003", "Bergen"}, {"9008", "Tromsø"}, {"4006", "Stavanger"},
			{"6003", "Ålesund"}},
		phone: "+47 00 00 0# ##",
	}
}

func turkish() names {
	return names{
		women:    list("Ayşe Elif Zeynep Fatma Merve Esra Derya Selin Defne Gizem Nehir Pınar Sevgi Yasemin Ebru Gül İpek Leyla Melis Tuğba"),
		men:      list("Mehmet Ahmet Mustafa Emre Burak Can Kerem Murat Hakan Serkan Volkan Yusuf Barış Deniz Onur Tolga Umut Cem Orhan Kaan"),
		families: list("Yılmaz Kaya Demir Çelik Şahin Yıldız Öztürk Aydın Arslan Doğan Kılıç Aslan Çetin Kara Koç Kurt Özdemir Polat Erdoğmuş Güneş Taş Bulut"),
		streets:  []string{"Atatürk Cad.", "Cumhuriyet Cad.", "İstiklal Cad.", "Gazi Sok.", "Lale Sok.", "Çınar Sok.", "Barış Sok.", "Deniz Sok."},
		towns: [][2]string{{"06420", "Ankara"}, {"34000", "İstanbul"}, {"35000", "İzmir"}, {"16000", "Bursa"}, {"07000", "Antalya"},
			{"26000", "Eskişehir"}},
		phone: "+90 000 000 0# ##",
	}
}

func german() names {
	return names{
		women:    list("Anna Lena Sophie Marie Katharina Julia Greta Johanna Sabine Petra Monika Leonie Frieda Charlotte Heike Birgit Mia Clara Renate Jana"),
		men:      list("Lukas Finn Jonas Felix Maximilian Paul Thomas Stefan Jürgen Uwe Moritz Jakob Anton Matthias Sven Björn Henning Karl Oskar Tobias"),
		families: list("Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Koch Bauer Richter Klein Wolf Schröder Neumann Zimmermann Krüger Hartmann Lange Vogel"),
		streets:  list("Hauptstraße Bahnhofstraße Gartenweg Lindenstraße Schillerstraße Goethestraße Bergstraße Ringstraße Mühlenweg Kirchplatz"),
		towns: [][2]string{{"10115", "Berlin"}, {"80331", "München"}, {"20095", "Hamburg"}, {"50667", "Köln"}, {"04109", "Leipzig"}, {"70173", "Stuttgart"},
			{"44135", "Dortmund"}},
		phone: "+49 171 39200##", // Bundesnetzagentur: 0171 39200 00 to 99 are for drama
	}
}

// countryOf is where an account is at home: the IBAN says it, else the currency.
func countryOf(a *ledger.Account) string {
	if len(a.IBAN) > 2 {
		return a.IBAN[:2]
	}
	switch a.Currency {
	case "JPY":
		return "JP"
	case "BGN":
		return "BG"
	case "NOK":
		return "NO"
	case "TRY":
		return "TR"
	}
	return "DE"
}
