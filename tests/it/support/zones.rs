//! Zones made up from a seed, with the truth about them, by rules written a second time from Doc 9303.

use portcullis::domain::mrz::Format;

/// A sound zone and what it says.
#[derive(Clone, Debug)]
pub(crate) struct Made {
    pub(crate) format: Format,
    pub(crate) lines: Vec<String>,
    pub(crate) number: String,
    pub(crate) state: &'static str,
    pub(crate) nationality: &'static str,
}

impl Made {
    pub(crate) fn text(&self) -> String {
        self.lines.join("\n")
    }
}

/// SplitMix64: small, and the same everywhere.
pub(crate) struct Chance(pub(crate) u64);

const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const CHARACTERS: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const STATES: [&str; 8] = ["FRA", "D", "BEL", "PRT", "USA", "ESP", "POL", "CHN"];

impl Chance {
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % end as u64) as usize
    }

    pub(crate) fn text(&mut self, of: &str, len: usize) -> String {
        (0..len).map(|_| char::from(of.as_bytes()[self.below(of.len())])).collect()
    }

    fn state(&mut self) -> &'static str {
        STATES[self.below(STATES.len())]
    }

    fn date(&mut self) -> String {
        format!("{:02}{:02}{:02}", self.below(100), 1 + self.below(12), 1 + self.below(28))
    }

    /// Surname and given names, padded, the field full now and then.
    fn name(&mut self, len: usize) -> String {
        let (surname, given) = (1 + self.below(20), 1 + self.below(20));
        let name = format!("{}<<{}", self.text(LETTERS, surname), self.text(LETTERS, given));
        padded(&name[..name.len().min(len)], len)
    }

    fn sex(&mut self) -> char {
        ['M', 'F', '<'][self.below(3)]
    }

    fn optional(&mut self, len: usize) -> String {
        let used = if self.below(3) == 0 { 0 } else { self.below(len + 1) };
        padded(&self.text(CHARACTERS, used), len)
    }

    pub(crate) fn zone(&mut self, format: Format) -> Made {
        match format {
            Format::Td1 => self.td1(),
            Format::Td2 => {
                let code = ["I", "A", "C"][self.below(3)];
                self.two_lines(format, 36, code)
            }
            Format::Td3 => self.two_lines(format, 44, "P"),
            Format::MrvA => self.two_lines(format, 44, "V"),
            Format::MrvB => self.two_lines(format, 36, "V"),
            Format::SlovakId => self.two_lines(format, 34, "I"),
            Format::FrenchId => self.french_id(),
            Format::SwissLicence => self.swiss_licence(),
            Format::FrenchLicence => self.french_licence(),
        }
    }

    fn td1(&mut self) -> Made {
        let (state, nationality) = (self.state(), self.state());
        let len = if self.below(2) == 0 { 1 + self.below(9) } else { 10 + self.below(13) };
        let number = self.text(CHARACTERS, len);
        let rest = match number.get(9..).filter(|rest| !rest.is_empty()) {
            None => {
                let field = padded(&number, 9);
                format!("{field}{}{}", digit(&field), self.optional(15))
            }
            Some(rest) => {
                let legacy = self.below(2) == 0;
                let filler = if legacy { "<" } else { "" };
                let check = digit(&format!("{}{filler}{rest}", &number[..9]));
                padded(&format!("{}<{rest}{check}", &number[..9]), 25)
            }
        };
        let upper = format!("I<{}{rest}", padded(state, 3));
        let (birth, expiry, optional) = (self.date(), self.date(), self.optional(11));
        let birth = format!("{birth}{}", digit(&birth));
        let expiry = format!("{expiry}{}", digit(&expiry));
        let composite = digit(&format!("{rest}{birth}{expiry}{optional}"));
        let middle = format!("{birth}{}{expiry}{}{optional}{composite}", self.sex(), padded(nationality, 3));
        let lines = vec![upper, middle, self.name(30)];
        Made { format: Format::Td1, lines, number, state, nationality }
    }

    fn two_lines(&mut self, format: Format, width: usize, code: &str) -> Made {
        let (state, nationality) = (self.state(), self.state());
        let upper = format!("{code}<{}{}", padded(state, 3), self.name(width - 5));
        let is_long = format == Format::Td2 && self.below(2) == 0;
        let len = if is_long { 10 + self.below(5) } else { 1 + self.below(9) };
        let number = self.text(CHARACTERS, len);
        let field = padded(&number[..len.min(9)], 9);
        let (head, optional) = match number.get(9..).filter(|rest| !rest.is_empty()) {
            Some(rest) => (format!("{field}<"), padded(&format!("{rest}{}", digit(&number)), 7)),
            None => {
                let optional = match format {
                    Format::Td3 => {
                        let personal = self.optional(14);
                        let filler = personal.bytes().all(|byte| byte == b'<') && self.below(2) == 0;
                        let check = if filler { '<' } else { digit(&personal) };
                        format!("{personal}{check}")
                    }
                    Format::Td2 => self.optional(7),
                    _ => self.optional(width - 28),
                };
                (format!("{field}{}", digit(&field)), optional)
            }
        };
        let (birth, expiry) = (self.date(), self.date());
        let birth = format!("{birth}{}", digit(&birth));
        let expiry = format!("{expiry}{}", digit(&expiry));
        let composite = match format {
            Format::Td2 | Format::Td3 => digit(&format!("{head}{birth}{expiry}{optional}")).to_string(),
            _ => String::new(),
        };
        let lower =
            format!("{head}{}{birth}{}{expiry}{optional}{composite}", padded(nationality, 3), self.sex());
        Made { format, lines: vec![upper, lower], number, state, nationality }
    }

    fn french_id(&mut self) -> Made {
        let upper = format!("IDFRA{}{}", self.name(25), self.text("0123456789", 6));
        let number = self.text("0123456789", 12);
        let birth = self.date();
        let given = padded(&self.text(LETTERS, 9), 14);
        let lower =
            format!("{number}{}{given}{birth}{}{}", digit(&number), digit(&birth), ['M', 'F'][self.below(2)]);
        let composite = digit(&format!("{upper}{lower}"));
        let lines = vec![upper, format!("{lower}{composite}")];
        Made { format: Format::FrenchId, lines, number, state: "FRA", nationality: "<<<" }
    }

    fn swiss_licence(&mut self) -> Made {
        let number = format!("{}{}D", self.text(LETTERS, 3), self.text("0123456789", 3));
        let middle = padded(&format!("FACHE{}<<{}", self.text("0123456789", 12), self.date()), 30);
        let lines = vec![padded(&number, 9), middle, self.name(30)];
        Made { format: Format::SwissLicence, lines, number, state: "CHE", nationality: "<<<" }
    }

    fn french_licence(&mut self) -> Made {
        let number = self.text(CHARACTERS, 9);
        let line = format!("D1FRA{number}6{}{}9", self.date(), padded(&self.text(LETTERS, 6), 8));
        Made { format: Format::FrenchLicence, lines: vec![line], number, state: "FRA", nationality: "<<<" }
    }
}

pub(crate) fn padded(text: &str, len: usize) -> String {
    format!("{text:<<len$}")
}

/// Doc 9303 part 3, 4.9.
pub(crate) fn digit(field: &str) -> char {
    let mut sum = 0;
    for (at, char) in field.chars().enumerate() {
        let value = if char == '<' { 0 } else { char.to_digit(36).unwrap() };
        sum += value * [7, 3, 1][at % 3];
    }
    char::from_digit(sum % 10, 10).unwrap()
}
