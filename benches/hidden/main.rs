//! Whether the time of an answer gives a hidden alert away: `cargo bench --bench hidden -- [--samples N] [--seconds N] [--json]`.
//!
//! A carrier asks, in random order, for documents with an alert that is not for him and for documents without any, of one state and length,
//! and gets the same answer. Measured is first what there is to hide: the deciding, until the log has the entry, and the whole, until it is
//! written; then what a carrier sees of it, over HTTP; then what it costs him that he sees nothing.

#![expect(clippy::print_stdout, reason = "a bench is read on the terminal")]

#[path = "../driver/mod.rs"]
mod driver;
mod inside;
mod outside;
mod price;
mod site;
#[path = "../lookup/table.rs"]
mod table;
mod welch;

use std::time::Duration;

use driver::number;
use table::Table;

fn main() {
    let (samples, seconds) = (number("--samples", 200_000), Duration::from_secs(number("--seconds", 5)));
    let table = Table::new(std::env::args().any(|argument| argument == "--json"));
    table.note(&format!("{samples} answers with a hidden alert and {samples} without any, in random order"));
    let folder = tempfile::tempdir().expect("a temporary folder");
    let site = folder.path().join("site");
    site::make(folder.path(), &site);
    inside::measure(&table, &site, samples);
    outside::measure(&table, folder.path(), &site, samples / 20);
    price::measure(&table, folder.path(), &site, seconds);
}
