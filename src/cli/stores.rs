//! `portcullis feed push`: a feed's stores become what its folder is.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, bail};
use portcullis::app::push_to_store;
use portcullis::config::PublisherSettings;
use portcullis::publishing::feed::FeedFolder;

use super::keys::{SETTINGS, read_settings};
use super::usage::Usage;
use super::{progress, site};

pub(super) fn run(dir: &Path) -> anyhow::Result<ExitCode> {
    let settings = read_settings(&dir.join(SETTINGS))?;
    if settings.stores.is_empty() {
        return Err(Usage::because(format_args!(
            "{} names no store: add a table [[stores]] with its url",
            dir.join(SETTINGS).display()
        ))
        .into());
    }
    push(dir, &settings)?;
    Ok(ExitCode::SUCCESS)
}

/// Brings every store up to date that can be reached. One that cannot does not keep the others waiting.
pub(super) fn push(dir: &Path, settings: &PublisherSettings) -> anyhow::Result<()> {
    let storage = site::disk();
    let folder = FeedFolder::new(storage.clone(), dir);
    let mut failed = 0;
    for store in &settings.stores {
        let bar = progress::bytes(None, "sending");
        let variable = |name: &str| std::env::var(name).ok();
        let mut progress = |done, total| {
            bar.set_length(total);
            bar.set_position(done);
        };
        let pushed = push_to_store(&*storage, dir, folder.repository(), store, &variable, &mut progress);
        bar.finish_and_clear();
        match pushed {
            Ok(pushed) if pushed.files == 0 => println!("{}: is as the folder is", store.url),
            Ok(pushed) => println!("{}: {} files, {} bytes", store.url, pushed.files, pushed.bytes),
            Err(error) => {
                failed += 1;
                let error =
                    anyhow::Error::new(error).context(format!("the store {} is as it was", store.url));
                eprintln!("portcullis: {error:#}");
            }
        }
    }
    if failed > 0 {
        let of = settings.stores.len();
        bail!(
            "{failed} of {of} stores were not reached; the folder is right: `portcullis feed push` tries again"
        );
    }
    Ok(())
}

/// The same, if there are stores, for whoever has just changed what they hand out.
pub(super) fn push_if_any(dir: &Path, settings: &PublisherSettings) -> anyhow::Result<()> {
    if settings.stores.is_empty() {
        Ok(())
    } else {
        push(dir, settings).context("the feed itself is published")
    }
}
