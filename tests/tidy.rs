//! The house rules that no compiler holds, read from the files as text.
//!
//! Comments and the contents of strings are blanked before code is looked at. Names are taken as they are written: a
//! rule about `std::fs` sees every import and every path, also in a group, and does not see through an alias.
//! Each rule is one test, and each file tests on bad snippets that its rules can fail. `TIDY_ROOT` names another
//! checkout to read.

#[path = "tidy/documents.rs"]
mod documents;
#[path = "tidy/files.rs"]
mod files;
#[path = "tidy/layers.rs"]
mod layers;
#[path = "tidy/places.rs"]
mod places;
#[path = "tidy/reading.rs"]
mod reading;
#[path = "tidy/words.rs"]
mod words;
