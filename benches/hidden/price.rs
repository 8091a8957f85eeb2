//! What it costs a carrier, beside an officer who asks the same.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::driver::{Connection, drive, median};
use crate::site::{Asked, body, serve};
use crate::table::{Row, Table};

const ROUNDS: usize = 3;
const LINES: usize = 100_000;
const CLASSES: [&str; 2] = ["officer", "carrier"];

pub(crate) fn measure(table: &Table, folder: &Path, site: &Path, seconds: Duration) {
    table.note(&format!(
        "what it costs carriers, {ROUNDS} alternating rounds of {} s each",
        seconds.as_secs()
    ));
    let mut asked = Asked(17);
    let lines: Vec<_> = std::iter::repeat_with(|| body(asked.next_without())).take(LINES).collect();
    let manifest = lines.join("\n");
    let counts = [1, 16, 64];
    let mut medians = [const { [const { Vec::new() }; 2] }; 3];
    let mut p99s = [const { [const { Vec::new() }; 2] }; 3];
    let mut rates = [const { [const { Vec::new() }; 2] }; 3];
    let mut manifests = [const { Vec::new() }; 2];
    for _ in 0..ROUNDS {
        for (class, name) in CLASSES.iter().enumerate() {
            let server = serve(folder, site, name, 2);
            for (at, connections) in counts.into_iter().enumerate() {
                let driven = drive(server.address, connections, seconds, None);
                medians[at][class].push(driven.times[driven.times.len() / 2]);
                p99s[at][class].push(driven.p99_ms());
                rates[at][class].push(driven.count() as f64 / seconds.as_secs_f64());
            }
            let started = Instant::now();
            let mut connection = Connection::open(server.address);
            assert!(connection.post("/v1/manifests", "application/x-ndjson", &manifest), "it answers");
            manifests[class].push(LINES as f64 / started.elapsed().as_secs_f64());
        }
    }
    let row = |name: &str, unit, values: &mut [Vec<f64>; 2]| {
        let [officer, carrier] = [0, 1].map(|class| median(&mut values[class]));
        table.row(&Row { name, value: carrier, unit, baseline: Some(("officers", officer)), limit: None });
    };
    for (at, connections) in counts.into_iter().enumerate() {
        row(&format!("{connections} connections, median"), "ms", &mut medians[at]);
        row("  p99", "ms", &mut p99s[at]);
        row("  answers", "1/s", &mut rates[at]);
    }
    row("a manifest's lines", "1/s", &mut manifests);
}
