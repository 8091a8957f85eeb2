//! How fast the same questions are answered elsewhere: the same keys, in one process, asked of Portcullis and of stores
//! that could have been used in its place.
//!
//! ```sh
//! cargo run --release --manifest-path benches/peers/Cargo.toml -- --records 10000000
//! ```
//!
//! Notices are drawn, those of documents that have no key left out, and put in force as a list of Portcullis. Peers get
//! the key of each document once, with the number of what is said of it, in order, in the form that suits each best.
//! Portcullis is asked with documents, so that packing is part of its figures, and answers a hit with whole notices; a
//! peer is asked with keys and answers with the number. Misses are documents of another seed that are not listed; hits
//! are listed ones in the order in which they were drawn, which is none.
//!
//! A single question waits for the answer of the one before; Redis alone is excused: its questions are pipelined, as
//! the way through the socket would be all that is measured otherwise. A batch is a group of 1024 questions, asked in
//! the fastest of the ways that the engine has for it. Engines alternate: each round asks every one of them, and the
//! first round is for warming and counts for nothing. Figures are medians. A ratio is a peer's time to that of
//! Portcullis; the exit code is 1 if one is not above 1. That of a hash map in memory, which is built anew at every
//! start, is shown and not compared. Nothing that a peer loads is synced to the disk; what Portcullis loads is built,
//! hashed, read again and checked as it is at a checkpoint.
//!
//! RocksDB takes libclang, a C++ compiler and long to be built, and is asked only if the bench is built with
//! `--features rocksdb`. Redis needs a `redis-server` on the `PATH`, which serves a socket in a temporary folder and ends
//! with the bench.

#![expect(clippy::print_stdout, reason = "a bench is read on the terminal")]

mod arguments;
mod data;
mod engine;
mod fst_map;
mod hash_map;
mod lmdb;
mod measure;
mod ours;
mod redb_table;
mod redis_server;
mod report;
#[cfg(feature = "rocksdb")]
mod rocksdb_table;
mod roster;
mod sqlite;

use std::process::ExitCode;

use clap::Parser;

use arguments::Arguments;

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    let folder = tempfile::tempdir()?;
    let (mut engines, questions) = roster::load(&arguments, folder.path())?;
    measure::alternate(&mut engines, &questions, arguments.rounds);
    let ahead = if arguments.json { report::json(&engines) } else { report::table(&engines) };
    Ok(if ahead { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
