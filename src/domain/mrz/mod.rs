//! The machine-readable zone of a travel document (ICAO Doc 9303 parts 3 to 7).
//!
//! ```text
//! text ─ lines (as it lies, or tidied) ─ format ─ layout ─► Zone: state, number, nationality, check digits
//! ```
//! Names and dates of birth are stepped over and never leave the parser: no type here can hold them. Errors name line,
//! column and rule and never repeat content.

mod check_digit;
mod code;
mod fault;
mod format;
mod keyboard;
mod lines;
mod mend;
mod notes;
mod number;
mod read;
mod tidy;
mod zone;

pub use check_digit::check_digit;
pub use fault::MrzFault;
pub use format::Format;
pub use keyboard::Keyboard;
pub use mend::{Change, Mending, mendings};
pub use notes::{Note, Notes};
pub use number::{LongNumberRule, NumberField};
pub use read::read;
pub use zone::{CheckDigit, CheckDigits, Field, Summary, Zone};

pub(crate) use tidy::latin_twin;
