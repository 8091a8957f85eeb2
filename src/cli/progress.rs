//! Progress of long work, on a terminal only.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// A bar that counts bytes.
pub(super) fn bytes(length: Option<u64>, what: &'static str) -> ProgressBar {
    let bar = match length {
        Some(length) => ProgressBar::new(length),
        None => ProgressBar::no_length(),
    };
    styled(bar, what, "{msg:>10} {bar:32} {bytes}/{total_bytes} {bytes_per_sec} {eta}")
}

/// A bar that counts things.
pub(super) fn count(length: u64, what: &'static str) -> ProgressBar {
    styled(ProgressBar::new(length), what, "{msg:>10} {bar:32} {human_pos}/{human_len} {per_sec} {eta}")
}

fn styled(bar: ProgressBar, what: &'static str, template: &str) -> ProgressBar {
    bar.set_style(ProgressStyle::with_template(template).expect("the template is a constant"));
    bar.set_message(what);
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}
