//! The machine-readable zone of a travel document (ICAO Doc 9303 parts 3 to 7).
//!
//! Reads the two formats with lines of 44 characters: passports (TD3) and full-size visas (MRV-A). Names and dates of
//! birth are stepped over and never leave the parser; errors name line, column and rule and never repeat content.

mod check_digit;
mod read;
mod zone;

pub use check_digit::check_digit;
pub use read::{MrzFault, read};
pub use zone::{CheckDigit, Field, Format, Summary, Zone};
