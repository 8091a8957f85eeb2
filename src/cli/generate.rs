//! `portcullis generate`.

use std::process::ExitCode;

use portcullis::register::Output;
use portcullis::register::generate::Generator;

use super::arguments::Generate;
use super::{progress, site};

pub(super) fn run(arguments: &Generate) -> anyhow::Result<ExitCode> {
    let storage = site::disk();
    let mut out = Output::create(&*storage, &arguments.out)?;
    let bar = progress::count(arguments.records, "writing");
    let records = Generator::new(arguments.seed, arguments.records);
    let written = out.write_notices(bar.wrap_iter(records))?;
    out.finish()?;
    bar.finish_and_clear();
    println!("{}: {written} records, seed {}", arguments.out.display(), arguments.seed);
    Ok(ExitCode::SUCCESS)
}
