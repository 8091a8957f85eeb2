//! The issuing states that Portcullis knows, with the numbers that index keys carry.
//!
//! Sources: ISO 3166-1 alpha-3 and alpha-2; ICAO Doc 9303 part 3 section 5 for the codes that ISO does not have.
//! The numbers are part of the segment format: the table is append-only and a number is never used again.

/// Codes by number: entry `i` of the table is the issuing state with number `i + 1`; number 0 is no state.
///
/// The code is the one that ICAO prints in a machine-readable zone: Germany is `D`, not `DEU`.
pub(super) const CODES: &[&str] = &[
    "ABW", "AFG", "AGO", "AIA", "ALA", "ALB", "AND", "ARE", "ARG", "ARM", "ASM", "ATA", "ATF", "ATG", "AUS",
    "AUT", "AZE", "BDI", "BEL", "BEN", "BES", "BFA", "BGD", "BGR", "BHR", "BHS", "BIH", "BLM", "BLR", "BLZ",
    "BMU", "BOL", "BRA", "BRB", "BRN", "BTN", "BVT", "BWA", "CAF", "CAN", "CCK", "CHE", "CHL", "CHN", "CIV",
    "CMR", "COD", "COG", "COK", "COL", "COM", "CPV", "CRI", "CUB", "CUW", "CXR", "CYM", "CYP", "CZE", "D",
    "DJI", "DMA", "DNK", "DOM", "DZA", "ECU", "EGY", "ERI", "ESH", "ESP", "EST", "ETH", "FIN", "FJI", "FLK",
    "FRA", "FRO", "FSM", "GAB", "GBR", "GEO", "GGY", "GHA", "GIB", "GIN", "GLP", "GMB", "GNB", "GNQ", "GRC",
    "GRD", "GRL", "GTM", "GUF", "GUM", "GUY", "HKG", "HMD", "HND", "HRV", "HTI", "HUN", "IDN", "IMN", "IND",
    "IOT", "IRL", "IRN", "IRQ", "ISL", "ISR", "ITA", "JAM", "JEY", "JOR", "JPN", "KAZ", "KEN", "KGZ", "KHM",
    "KIR", "KNA", "KOR", "KWT", "LAO", "LBN", "LBR", "LBY", "LCA", "LIE", "LKA", "LSO", "LTU", "LUX", "LVA",
    "MAC", "MAF", "MAR", "MCO", "MDA", "MDG", "MDV", "MEX", "MHL", "MKD", "MLI", "MLT", "MMR", "MNE", "MNG",
    "MNP", "MOZ", "MRT", "MSR", "MTQ", "MUS", "MWI", "MYS", "MYT", "NAM", "NCL", "NER", "NFK", "NGA", "NIC",
    "NIU", "NLD", "NOR", "NPL", "NRU", "NZL", "OMN", "PAK", "PAN", "PCN", "PER", "PHL", "PLW", "PNG", "POL",
    "PRI", "PRK", "PRT", "PRY", "PSE", "PYF", "QAT", "REU", "ROU", "RUS", "RWA", "SAU", "SDN", "SEN", "SGP",
    "SGS", "SHN", "SJM", "SLB", "SLE", "SLV", "SMR", "SOM", "SPM", "SRB", "SSD", "STP", "SUR", "SVK", "SVN",
    "SWE", "SWZ", "SXM", "SYC", "SYR", "TCA", "TCD", "TGO", "THA", "TJK", "TKL", "TKM", "TLS", "TON", "TTO",
    "TUN", "TUR", "TUV", "TWN", "TZA", "UGA", "UKR", "UMI", "URY", "USA", "UZB", "VAT", "VCT", "VEN", "VGB",
    "VIR", "VNM", "VUT", "WLF", "WSM", "YEM", "ZAF", "ZMB", "ZWE", "EUE", "UNO", "UNA", "RKS", "XBA", "XIM",
    "XCC", "XCE", "XCO", "XEC", "XPO", "XES", "XMP", "XOM", "XDC", "ANT", "NTZ", "UTO", "IAO",
];

/// Other spellings of a state's own code: a question asked with one is asked of exactly the same state.
#[rustfmt::skip]
pub(super) const SPELLINGS: &[(&str, &str)] = &[
    ("DEU", "D"), ("XKX", "RKS"), ("KOS", "RKS"), ("KS", "RKS"), ("XK", "RKS"), ("ROM", "ROU"),
    ("ZAR", "COD"), ("TMP", "TLS"), ("BUR", "MMR"), ("EU", "EUE"), ("UN", "UNO"), ("AW", "ABW"),
    ("AF", "AFG"), ("AO", "AGO"), ("AI", "AIA"), ("AX", "ALA"), ("AL", "ALB"), ("AD", "AND"), ("AE", "ARE"),
    ("AR", "ARG"), ("AM", "ARM"), ("AS", "ASM"), ("AQ", "ATA"), ("TF", "ATF"), ("AG", "ATG"), ("AU", "AUS"),
    ("AT", "AUT"), ("AZ", "AZE"), ("BI", "BDI"), ("BE", "BEL"), ("BJ", "BEN"), ("BQ", "BES"), ("BF", "BFA"),
    ("BD", "BGD"), ("BG", "BGR"), ("BH", "BHR"), ("BS", "BHS"), ("BA", "BIH"), ("BL", "BLM"), ("BY", "BLR"),
    ("BZ", "BLZ"), ("BM", "BMU"), ("BO", "BOL"), ("BR", "BRA"), ("BB", "BRB"), ("BN", "BRN"), ("BT", "BTN"),
    ("BV", "BVT"), ("BW", "BWA"), ("CF", "CAF"), ("CA", "CAN"), ("CC", "CCK"), ("CH", "CHE"), ("CL", "CHL"),
    ("CN", "CHN"), ("CI", "CIV"), ("CM", "CMR"), ("CD", "COD"), ("CG", "COG"), ("CK", "COK"), ("CO", "COL"),
    ("KM", "COM"), ("CV", "CPV"), ("CR", "CRI"), ("CU", "CUB"), ("CW", "CUW"), ("CX", "CXR"), ("KY", "CYM"),
    ("CY", "CYP"), ("CZ", "CZE"), ("DE", "D"), ("DJ", "DJI"), ("DM", "DMA"), ("DK", "DNK"), ("DO", "DOM"),
    ("DZ", "DZA"), ("EC", "ECU"), ("EG", "EGY"), ("ER", "ERI"), ("EH", "ESH"), ("ES", "ESP"), ("EE", "EST"),
    ("ET", "ETH"), ("FI", "FIN"), ("FJ", "FJI"), ("FK", "FLK"), ("FR", "FRA"), ("FO", "FRO"), ("FM", "FSM"),
    ("GA", "GAB"), ("GB", "GBR"), ("GE", "GEO"), ("GG", "GGY"), ("GH", "GHA"), ("GI", "GIB"), ("GN", "GIN"),
    ("GP", "GLP"), ("GM", "GMB"), ("GW", "GNB"), ("GQ", "GNQ"), ("GR", "GRC"), ("GD", "GRD"), ("GL", "GRL"),
    ("GT", "GTM"), ("GF", "GUF"), ("GU", "GUM"), ("GY", "GUY"), ("HK", "HKG"), ("HM", "HMD"), ("HN", "HND"),
    ("HR", "HRV"), ("HT", "HTI"), ("HU", "HUN"), ("ID", "IDN"), ("IM", "IMN"), ("IN", "IND"), ("IO", "IOT"),
    ("IE", "IRL"), ("IR", "IRN"), ("IQ", "IRQ"), ("IS", "ISL"), ("IL", "ISR"), ("IT", "ITA"), ("JM", "JAM"),
    ("JE", "JEY"), ("JO", "JOR"), ("JP", "JPN"), ("KZ", "KAZ"), ("KE", "KEN"), ("KG", "KGZ"), ("KH", "KHM"),
    ("KI", "KIR"), ("KN", "KNA"), ("KR", "KOR"), ("KW", "KWT"), ("LA", "LAO"), ("LB", "LBN"), ("LR", "LBR"),
    ("LY", "LBY"), ("LC", "LCA"), ("LI", "LIE"), ("LK", "LKA"), ("LS", "LSO"), ("LT", "LTU"), ("LU", "LUX"),
    ("LV", "LVA"), ("MO", "MAC"), ("MF", "MAF"), ("MA", "MAR"), ("MC", "MCO"), ("MD", "MDA"), ("MG", "MDG"),
    ("MV", "MDV"), ("MX", "MEX"), ("MH", "MHL"), ("MK", "MKD"), ("ML", "MLI"), ("MT", "MLT"), ("MM", "MMR"),
    ("ME", "MNE"), ("MN", "MNG"), ("MP", "MNP"), ("MZ", "MOZ"), ("MR", "MRT"), ("MS", "MSR"), ("MQ", "MTQ"),
    ("MU", "MUS"), ("MW", "MWI"), ("MY", "MYS"), ("YT", "MYT"), ("NA", "NAM"), ("NC", "NCL"), ("NE", "NER"),
    ("NF", "NFK"), ("NG", "NGA"), ("NI", "NIC"), ("NU", "NIU"), ("NL", "NLD"), ("NO", "NOR"), ("NP", "NPL"),
    ("NR", "NRU"), ("NZ", "NZL"), ("OM", "OMN"), ("PK", "PAK"), ("PA", "PAN"), ("PN", "PCN"), ("PE", "PER"),
    ("PH", "PHL"), ("PW", "PLW"), ("PG", "PNG"), ("PL", "POL"), ("PR", "PRI"), ("KP", "PRK"), ("PT", "PRT"),
    ("PY", "PRY"), ("PS", "PSE"), ("PF", "PYF"), ("QA", "QAT"), ("RE", "REU"), ("RO", "ROU"), ("RU", "RUS"),
    ("RW", "RWA"), ("SA", "SAU"), ("SD", "SDN"), ("SN", "SEN"), ("SG", "SGP"), ("GS", "SGS"), ("SH", "SHN"),
    ("SJ", "SJM"), ("SB", "SLB"), ("SL", "SLE"), ("SV", "SLV"), ("SM", "SMR"), ("SO", "SOM"), ("PM", "SPM"),
    ("RS", "SRB"), ("SS", "SSD"), ("ST", "STP"), ("SR", "SUR"), ("SK", "SVK"), ("SI", "SVN"), ("SE", "SWE"),
    ("SZ", "SWZ"), ("SX", "SXM"), ("SC", "SYC"), ("SY", "SYR"), ("TC", "TCA"), ("TD", "TCD"), ("TG", "TGO"),
    ("TH", "THA"), ("TJ", "TJK"), ("TK", "TKL"), ("TM", "TKM"), ("TL", "TLS"), ("TO", "TON"), ("TT", "TTO"),
    ("TN", "TUN"), ("TR", "TUR"), ("TV", "TUV"), ("TW", "TWN"), ("TZ", "TZA"), ("UG", "UGA"), ("UA", "UKR"),
    ("UM", "UMI"), ("UY", "URY"), ("US", "USA"), ("UZ", "UZB"), ("VA", "VAT"), ("VC", "VCT"), ("VE", "VEN"),
    ("VG", "VGB"), ("VI", "VIR"), ("VN", "VNM"), ("VU", "VUT"), ("WF", "WLF"), ("WS", "WSM"), ("YE", "YEM"),
    ("ZA", "ZAF"), ("ZM", "ZMB"), ("ZW", "ZWE"),
];

/// Codes for which another state answers: its listings are merged with that state's, and a finding says `alias`.
///
/// The British nationality codes stand in the issuing field of passports that the United Kingdom issues; UNMIK's
/// documents were taken over by Kosovo.
#[rustfmt::skip]
pub(super) const MERGED: &[(&str, &str)] = &[
    ("GBD", "GBR"), ("GBN", "GBR"), ("GBO", "GBR"), ("GBP", "GBR"), ("GBS", "GBR"), ("UNK", "RKS"),
];

/// Codes that say something of a holder's nationality and that no state issues documents under
/// (ICAO Doc 9303 part 3 section 5): stateless, refugees, unspecified.
pub(super) const NATIONALITY_ONLY: &[&str] = &["XXA", "XXB", "XXC", "XXX"];
