//! `portcullis alert changes`.

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use portcullis::audit;
use portcullis::http::wire::ChangeBody;
use portcullis::overlay::{Changed, Changes, LastSeen, Store};

use super::alert_arguments::AlertChanges;
use super::{alert_read, site};

const PAGE: usize = 1000;
const LOOK_EVERY: Duration = Duration::from_secs(1);

pub(super) fn run(arguments: &AlertChanges) -> anyhow::Result<ExitCode> {
    let mut seen = arguments.after;
    alert_read::record(&arguments.data, format!("changes after {seen}"))?;
    // Once, and not for each page: logs are large.
    let floor = audit::alert_floor(&*site::disk(), &arguments.data)?;
    loop {
        // Before the store, so that what is issued meanwhile is not waited for. It need not say the last that was seen: a store under a new
        // name is further.
        let told = Store::newest(&*site::disk(), &arguments.data)?;
        seen = all_after(arguments, floor, seen)?;
        if !arguments.follow {
            return Ok(ExitCode::SUCCESS);
        }
        while Store::newest(&*site::disk(), &arguments.data)? == told {
            std::thread::sleep(LOOK_EVERY);
        }
    }
}

/// Prints changes, page by page: whoever wants to issue an alert waits for no reader. Gives the last.
fn all_after(arguments: &AlertChanges, floor: Option<u64>, mut seen: LastSeen) -> anyhow::Result<LastSeen> {
    let mut known = None;
    loop {
        let store = open(arguments, floor)?;
        seen.must_be_in(store.as_ref())?;
        let Some(store) = store else { return Ok(seen) };
        let changes = match &known {
            Some(changes) => changes,
            None => known.insert(Changes::after(&store, seen.counter)?),
        };
        let page = changes.page(&store, seen.counter, PAGE)?;
        drop(store);
        let Some((_, last)) = page.last() else { return Ok(seen) };
        seen = last.origin.into();
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
