//! `portcullis alert changes`.

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use portcullis::audit;
use portcullis::http::wire::ChangeBody;
use portcullis::overlay::{Changed, Changes, Store};

use super::alert_arguments::AlertChanges;
use super::site;

const PAGE: u64 = 1000;
const LOOK_EVERY: Duration = Duration::from_secs(1);

pub(super) fn run(arguments: &AlertChanges) -> anyhow::Result<ExitCode> {
    site::must_exist(&arguments.data)?;
    let mut after = arguments.after;
    // Once, and not for each page: logs are large.
    let floor = audit::alert_floor(&*site::disk(), &arguments.data)?;
    drop(open(arguments, floor)?);
    let mut newest = Store::newest(&*site::disk(), &arguments.data)?;
    loop {
        if newest > after {
            after = all_after(arguments, floor, after)?;
        } else if newest < after {
            bail!(
                "the newest revision of the alerts here is {newest}: {after} is of another site, or alerts were lost"
            );
        }
        if !arguments.follow {
            return Ok(ExitCode::SUCCESS);
        }
        std::thread::sleep(LOOK_EVERY);
        newest = Store::newest(&*site::disk(), &arguments.data)?;
    }
}

/// Prints changes, page by page: whoever wants to issue an alert waits for no reader. Gives the revision of the last.
fn all_after(arguments: &AlertChanges, floor: Option<u64>, mut after: u64) -> anyhow::Result<u64> {
    let mut known = None;
    loop {
        let store = open(arguments, floor)?.context("the alerts were there, and are gone")?;
        let changes = match &known {
            Some(changes) => changes,
            None => known.insert(Changes::after(&store, after)?),
        };
        let page = changes.page(&store, after, PAGE)?;
        drop(store);
        let Some((_, last)) = page.last() else { return Ok(after) };
        after = last.origin.counter;
        print(&page)?;
    }
}

fn open(arguments: &AlertChanges, floor: Option<u64>) -> anyhow::Result<Option<Store>> {
    Ok(Store::open_not_below(&site::disk(), &arguments.data, floor)?)
}

fn print(page: &[Changed]) -> io::Result<()> {
    let now = site::clock().now().time;
    let mut out = io::stdout().lock();
    for (kind, revision) in page {
        serde_json::to_writer(&mut out, &ChangeBody::of(*kind, revision, now))?;
        writeln!(out)?;
    }
    out.flush()
}
