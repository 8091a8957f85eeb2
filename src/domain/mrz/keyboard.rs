//! Scanners that pretend to be a keyboard, at machines with another keyboard.
//!
//! Such a scanner sends the keys of a US keyboard; the machine types what its own layout has there. The result is
//! recognised so that somebody sets the layout right. It is never translated back: keys of two layouts meet in one
//! character, and what was meant would be a guess.

/// The layout that a machine has where the scanner types for a US one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keyboard {
    /// French: `<` comes out as `.`, digits as `à&é"'(-è_ç`, and A and Q, Z and W change places.
    Azerty,
    /// German, Swiss, Czech, Hungarian: `<` comes out as `;` or `?`, and Y and Z change places.
    Qwertz,
}

/// What the digit keys 0 to 9 of a French keyboard type without shift.
const AZERTY_DIGITS: &str = "à&é\"'(-è_ç";

/// A zone has never fewer fillers in all of its lines.
const FILLERS_MIN: usize = 2;

impl Keyboard {
    /// The layout's name among people.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Azerty => "a French one (AZERTY)",
            Self::Qwertz => "a German one (QWERTZ)",
        }
    }

    /// The layout that made this text of a zone; `None` if no layout did.
    pub(super) fn recognise(text: &str) -> Option<Self> {
        [Self::Azerty, Self::Qwertz].into_iter().find(|layout| layout.made(text))
    }

    fn made(self, text: &str) -> bool {
        let (mut fillers, mut digits, mut letters) = (0, 0, 0);
        for char in text.chars().filter(|char| !char.is_whitespace() && !char.is_control()) {
            match (self, char) {
                (Self::Azerty, '.') | (Self::Qwertz, ';') => fillers += 1,
                (Self::Azerty, char) if AZERTY_DIGITS.contains(char) => digits += 1,
                (Self::Qwertz, '0'..='9') => digits += 1,
                // M lies where a US keyboard has the semicolon; its own place types a question mark or a comma.
                (Self::Azerty, '?' | ',') => letters += 1,
                (_, char) if char.is_ascii_alphabetic() => letters += 1,
                _ => return false,
            }
        }
        fillers >= FILLERS_MIN && digits >= FILLERS_MIN && fillers + digits + letters >= 30
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_typed_on_a_french_keyboard_is_named() {
        let text = "P.UTOERIKSSON..QNNQ.?QRIQ...................\n\
                    L_ç_çà&C\"-UTO'à_&&é\"F&éà'&(çWE&_'éé-B.....&à";
        assert_eq!(Keyboard::recognise(text), Some(Keyboard::Azerty));
    }

    #[test]
    fn a_zone_typed_on_a_german_keyboard_is_named() {
        let text = "P;UTOERIKSSON;;ANNA;MARIA;;;;;;;;;;;;;;;;;;;\n\
                    L898902C36UTO7408122F1204159YE184226B;;;;;10";
        assert_eq!(Keyboard::recognise(text), Some(Keyboard::Qwertz));
    }

    #[test]
    fn other_text_is_not_taken_for_a_keyboard() {
        for text in
            ["", "P<UTO", "a sentence; with; semicolons 12", "...", "L898902C36UTO7408122F1204159ZE184226B10"]
        {
            assert_eq!(Keyboard::recognise(text), None, "{text}");
        }
    }
}
