//! From a publication to a generation in force, beside a service that answers; and what a year costs the line.
//!
//! `cargo bench --bench feeds -- --records 140000000`, or without a number for a minute's run. `--json`: one object a row.
//! `--year` prints only what a year costs.

#![expect(clippy::print_stdout, reason = "a bench prints what it found")]

mod centre;
#[path = "../lookup/checks.rs"]
mod checks;
mod live;
#[path = "../lookup/table.rs"]
mod table;
mod year;

use table::Table;

fn main() {
    let records = number("--records", 1_000_000);
    let table = Table::new(flag("--json"));
    table.note(&format!("{records} records"));
    if !flag("--year") {
        live::run(records, &table);
    }
    year::run(records, &table);
}

fn flag(name: &str) -> bool {
    std::env::args().any(|argument| argument == name)
}

fn number(name: &str, default: u64) -> u64 {
    let arguments: Vec<_> = std::env::args().collect();
    let at = arguments.iter().position(|argument| argument == name);
    let text = at.and_then(|at| arguments.get(at + 1));
    text.map_or(default, |text| text.replace('_', "").parse().expect("a number"))
}
