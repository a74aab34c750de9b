package seed

func marketDE() market {
	return market{country: "DE", home: []string{"EUR"}, east: 1, loan: 385, city: "BERLIN", bank: "99999999",
		words: pairs("salary=Gehalt;rent=Miete;mortgage=Baufinanzierung Rate;instalment=Darlehensrate;savings=Sparen;cash=Bargeldauszahlung;fees=Kontoführung;" +
			"interest=Zinsen;transfer=Überweisung;opening=Saldovortrag;customer=Rechnung;tax=Vorauszahlung;insurance=Beitrag;" +
			"benefit=Kindergeld;grant=BAföG;utilities=Abschlag;payment=Ausgleich Kreditkarte;school=Kita-Beitrag;dividend=Dividende;pass=Abo;staff=Gehalt Mitarbeiter;supplier=Rechnung"),
		shops: shops(`
groceries: REWE 5411|EDEKA 5411|Lidl 5411|ALDI Nord 5411|dm-drogerie markt 5912|Alnatura 5499|Bäckerei Junge 5462
transport: BVG 4111|DB Vertrieb 4112|Aral Tankstelle 5541|Shell 5541|TIER Mobility 7512
pass: BVG Deutschlandticket|VBB Abo
restaurant: Vapiano 5812|L'Osteria 5812|Café Einstein 5814|Curry 36 5814|Hans im Glück 5812
shopping: Zalando 5651|Amazon.de 5942|IKEA 5712|MediaMarkt 5732|Decathlon 5941|Thalia 5942
health: Linden-Apotheke 5912|Zahnarztpraxis Dr. Vogt 8021|Fielmann 8043
travel: Deutsche Bahn 4112|Lufthansa 4511|Booking.com 7011|FlixBus 4131
utilities: Vattenfall Europe Sales|Berliner Wasserbetriebe|Telekom Deutschland|GASAG
insurance: HUK-COBURG|Techniker Krankenkasse|Allianz Versicherung
rent: Hausverwaltung Lindner|Wohnbau Spree GmbH
mortgage: Musterbank Baufinanzierung
benefit: Familienkasse
grant: Studierendenwerk
tax: Finanzamt
school: Kita Sonnenschein
dividend: Depotbank AG
cash: Geldautomat 6011`)}
}

func marketBG() market {
	return market{country: "BG", home: []string{"EUR", "BGN"}, east: 2, loan: 310, city: "SOFIA", bank: "TSTB999910",
		words: pairs("salary=Zaplata;rent=Naem;mortgage=Vnoska kredit;instalment=Vnoska kredit;savings=Spestyavaniya;cash=Teglene ATM;fees=Taksa poddrazhka;interest=Lihva;" +
			"transfer=Prevod;opening=Nachalno saldo;customer=Faktura;tax=Avansov danak;insurance=Zastrahovka;benefit=Detski nadbavki;" +
			"grant=Stipendia;utilities=Smetka;payment=Pogasyavane karta;school=Taksa uchilishte;dividend=Dividenti;pass=Abonament;staff=Zaplata sluzhitel;supplier=Faktura dostavchik"),
		shops: shops(`
groceries: Lidl Bulgaria 5411|Kaufland 5411|Billa 5411|Fantastico 5411|T Market 5411|Pekarna Sofia 5462
transport: OMV 5541|Shell Bulgaria 5541|Sofia Metro 4111|Yellow Taxi 4121|Lukoil 5541
pass: Centar za gradska mobilnost|BDZ Karta
restaurant: Happy Bar and Grill 5812|Skapto 5814|Raketa Rakia Bar 5812|Memento 5814|Shtastlivetsa 5812
shopping: eMAG 5732|Technopolis 5732|Ciela 5942|IKEA 5712|Jumbo 5945|Decathlon 5941
health: Apteka Subra 5912|Medical Center Doverie 8011|Apteka SCS 5912
travel: Bulgaria Air 4511|Wizz Air 4511|Booking.com 7011|Union Ivkoni 4131
utilities: Electrohold|Toplofikatsia Sofia|Sofiyska Voda|Vivacom|A1 Bulgaria
insurance: DZI|Bulstrad|Allianz Bulgaria
rent: Imoti Vitosha OOD|Stoyan Rentals EOOD
mortgage: Ipotechen otdel
benefit: Agentsia sotsialno podpomagane
grant: Sofia University
tax: NAP
school: ChDG Slanchice
dividend: Borsa Invest AD
cash: ATM Sofia 6011`)}
}

func marketNO() market {
	return market{country: "NO", home: []string{"NOK"}, east: 1, loan: 545, city: "TRONDHEIM", bank: "9998",
		words: pairs("salary=Lønn;rent=Husleie;mortgage=Terminbeløp lån;instalment=Terminbeløp;savings=Sparing;cash=Minibank;fees=Gebyr;interest=Renter;transfer=Overføring;" +
			"opening=Inngående saldo;customer=Faktura;tax=Forskuddsskatt;insurance=Forsikring;benefit=Barnetrygd;grant=Lånekassen;utilities=Avtalegiro;" +
			"payment=Innbetaling kredittkort;school=Barnehage;dividend=Utbytte;pass=Periodebillett;staff=Lønnskjøring;supplier=Leverandør"),
		shops: shops(`
groceries: Rema 1000 5411|Kiwi 5411|Coop Extra 5411|Meny 5411|Bunnpris 5411|Vinmonopolet 5921
transport: Circle K 5541|Esso 5541|Vy 4112|AtB 4111|Ruter 4111|EasyPark 7523
pass: AtB Periodebillett|Ruter Månedskort
restaurant: Egon 5812|Peppes Pizza 5812|Espresso House 5814|Big Bite 5814|Dromedar Kaffebar 5814
shopping: Elkjøp 5732|XXL Sport 5941|Clas Ohlson 5251|H&M 5651|Komplett 5732|IKEA 5712
health: Apotek 1 5912|Vitusapotek 5912|Tannlege Moen 8021|Sats 7997
travel: Norwegian 4511|SAS 4511|Hurtigruten 4411|Booking.com 7011
utilities: Tibber|Telenor|Tensio|Altibox|Trondheim kommune
insurance: Fremtind Forsikring|Gjensidige|If Skadeforsikring
rent: Heimdal Utleie AS|Studentsamskipnaden
mortgage: Boliglån
benefit: NAV
grant: Lånekassen
tax: Skatteetaten
school: Solsikken barnehage
dividend: Nordlys Invest AS
cash: Minibank 6011`)}
}

func marketTR() market {
	return market{country: "TR", home: []string{"TRY"}, east: 3, loan: 3300, city: "ANKARA", bank: "999980000019999",
		words: pairs("salary=Maaş;rent=Kira;mortgage=Konut kredisi taksiti;instalment=Kredi taksiti;savings=Birikim;cash=ATM para çekme;fees=Hesap işletim ücreti;interest=Faiz;" +
			"transfer=Havale;opening=Devir bakiye;customer=Fatura tahsilatı;tax=Geçici vergi;insurance=Sigorta primi;benefit=Çocuk yardımı;" +
			"grant=KYK bursu;utilities=Otomatik ödeme;payment=Kart ödemesi;school=Okul taksiti;dividend=Temettü;pass=Abonman;staff=Personel maaşı;supplier=Tedarikçi ödemesi"),
		shops: shops(`
groceries: Migros 5411|BİM 5411|A101 5411|ŞOK Market 5411|CarrefourSA 5411|Macrocenter 5411
transport: Opet 5541|Petrol Ofisi 5541|Başkentray 4111|EGO 4111|BiTaksi 4121
pass: Ankarakart Abonman|İstanbulkart Abonman
restaurant: Simit Sarayı 5814|Köfteci Yusuf 5812|Kahve Dünyası 5814|Big Chefs 5812|Baydöner 5814
shopping: Trendyol 5311|Hepsiburada 5732|LC Waikiki 5651|Teknosa 5732|Koçtaş 5200|D&R 5942
health: Güven Eczanesi 5912|Acıbadem 8062|Dünyagöz 8011
travel: Türk Hava Yolları 4511|Pegasus 4511|Kamil Koç 4131|Jolly Tur 4722
utilities: Enerjisa|BAŞKENTGAZ|ASKİ|Turkcell|Türk Telekom
insurance: Anadolu Sigorta|Allianz Sigorta|Türkiye Sigorta
rent: Çankaya Emlak|Kızılay Gayrimenkul
mortgage: Konut Kredisi
benefit: SGK
grant: KYK
tax: Gelir İdaresi
school: Çınar Koleji
dividend: Yatırım Menkul
cash: ATM 6011`)}
}

func marketJP() market {
	return market{country: "JP", home: []string{"JPY"}, east: 9, loan: 140, city: "SAPPORO",
		words: pairs("salary=Kyuyo;rent=Yachin;mortgage=Jutaku loan;instalment=Loan hensai;savings=Tsumitate;cash=ATM hikidashi;fees=Tesuryo;interest=Risoku;transfer=Furikomi;" +
			"opening=Kurikoshi;customer=Seikyu;tax=Yotei nozei;insurance=Hokenryo;benefit=Jido teate;grant=Shogakukin;utilities=Koza furikae;" +
			"payment=Card hikiotoshi;school=Hoikuen;dividend=Haitokin;pass=Teiki;staff=Kyuyo shiharai;supplier=Shiire"),
		shops: shops(`
groceries: Seicomart 5411|AEON 5411|Lawson 5499|Ito-Yokado 5411|Seiyu 5411|7-Eleven 5499
transport: JR Hokkaido 4112|ENEOS 5541|Sapporo Subway 4111|Nihon Kotsu 4121
pass: Sapica Teiki|Suica Teiki
restaurant: Yoshinoya 5814|Sukiya 5814|Doutor Coffee 5814|Saizeriya 5812|Sushiro 5812
shopping: Uniqlo 5651|Yodobashi Camera 5732|Nitori 5712|Muji 5311|Kinokuniya 5942|Don Quijote 5331
health: Matsumoto Kiyoshi 5912|Welcia 5912|Sakura Shika 8021
travel: ANA 4511|JAL 4511|JR East 4112|Toyoko Inn 7011
utilities: Hokkaido Denryoku|Hokkaido Gas|NTT East|Softbank
insurance: Nippon Life|Tokio Marine
rent: Sakura Fudosan|Leopalace
mortgage: Jutaku Kinyu
benefit: Sapporo-shi
grant: JASSO
tax: Zeimusho
school: Himawari Hoikuen
dividend: Kabuto Shoken
cash: ATM 6011`)}
}
