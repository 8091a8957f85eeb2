//! The document code: what sort of document a zone belongs to.

use super::format::Format;
use crate::domain::Kind;

/// The kind behind a document code, and whether ICAO knows the code.
///
/// Doc 9303 part 4 section 4.4 for passports, part 5 section 4.2.2 for cards, part 7 for visas, part 8 for `PU`. On
/// passports and visas the first letter decides, for until 2038 the second may be of an issuer's own invention.
pub(super) fn kind(code: [u8; 2], format: Format, issuing_state: [u8; 3]) -> (Kind, bool) {
    match (format, code) {
        (Format::MrvA | Format::MrvB, _) => (Kind::Visa, true),
        (Format::SwissLicence | Format::FrenchLicence, _) => (Kind::Other, true),
        (Format::FrenchId, _) => (Kind::IdentityCard, true),
        // Russia's internal passport has the zone of a passport.
        (Format::Td3, [b'P', b'N']) if issuing_state == *b"RUS" => (Kind::IdentityCard, true),
        (_, [b'P', second]) => passport(second, format),
        (_, [b'A', b'C']) => (Kind::SeafarerDocument, true),
        (_, [b'I', b'R'] | [b'R', b'P']) => (Kind::ResidencePermit, true),
        (_, [b'R', _]) => (Kind::ResidencePermit, false),
        (_, [b'A', b'I']) | (_, [b'A' | b'C' | b'I', b'V']) => (Kind::IdentityCard, false),
        (_, _) => (Kind::IdentityCard, true),
    }
}

fn passport(second: u8, format: Format) -> (Kind, bool) {
    let known = format == Format::Td3;
    match second {
        b'R' | b'T' | b'S' => (Kind::RefugeeTravelDocument, known),
        b'L' => (Kind::LaissezPasser, known),
        b'<' | b'P' | b'E' | b'D' | b'O' | b'M' | b'U' => (Kind::Passport, known),
        _ => (Kind::Passport, false),
    }
}
