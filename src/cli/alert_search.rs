//! `portcullis alert search`.

use std::io::Write as _;
use std::process::ExitCode;

use portcullis::http::wire::RevisionBody;

use super::alert_arguments::AlertSearch;
use super::{alert_read, document};

pub(super) fn run(arguments: &AlertSearch) -> anyhow::Result<ExitCode> {
    let document = document::from_input(&arguments.document)?;
    let now = alert_read::record(&arguments.data, "search".to_owned())?;
    let alerts = alert_read::all(&arguments.data)?;
    let mut out = std::io::stdout().lock();
    for revision in alerts.concerning(&document) {
        serde_json::to_writer(&mut out, &RevisionBody::of(&revision, now))?;
        writeln!(out)?;
    }
    Ok(ExitCode::SUCCESS)
}
