//! What a year of hourly publications costs the line of one site.
//!
//! The sizes of deltas are measured on real ones; which files a site fetches is what its plans say.

use jiff::Timestamp;
use portcullis::domain::{Digest, FeedName};
use portcullis::feed::{Canaries, Earlier, File, Increment, Publication, Sums, Terms};
use portcullis::syncing::{Held, Plan};

use crate::centre::Centre;
use crate::table::{Row, Table};

const CHANGES_A_DAY: u64 = 100_000;
const DELTA_DOCUMENTS_MAX: u64 = 250_000;
/// Bytes of a base for each record, as `cargo bench --bench lookup` prints them.
const BASE_BYTES_EACH: f64 = 11.76;
const HOURS: u64 = 365 * 24;

pub(crate) fn run(records: u64, table: &Table) {
    let delta = Sizes::measure();
    let mut year = Year::new(records, delta);
    let mut online = Follower::default();
    // Away for two weeks in the middle of the year.
    let mut away = Follower::default();
    let mut full = 0;
    for hour in 0..HOURS {
        year.publish(hour);
        full += year.publication.base.length;
        online.follow(&year.publication);
        if !(HOURS / 2..HOURS / 2 + 14 * 24).contains(&hour) {
            away.follow(&year.publication);
        }
    }
    table.note("\na year of 100000 changes a day, published hourly, on the line to one site");
    let gib = |bytes: u64| bytes as f64 / (1_u64 << 30) as f64;
    let row = |name, bytes| {
        let baseline = Some(("the list downloaded hourly", gib(full)));
        table.row(&Row { name, value: gib(bytes), unit: "GiB", baseline, limit: None });
    };
    row("increments and folds", online.bytes);
    row("the same, two weeks away", away.bytes);
    row("the first list alone", online.first);
    row("the list downloaded hourly", full);
    table.note(&format!(
        "  {} bases in the year; {} of them downloaded, the first",
        year.bases, online.bases_fetched
    ));
}

/// Bytes of deltas, by the documents that they change.
struct Sizes {
    each: f64,
    fixed: f64,
}

impl Sizes {
    /// Of real publications of two sizes.
    fn measure() -> Self {
        let centre = Centre::new(DELTA_DOCUMENTS_MAX);
        centre.gather(1, 200_000);
        centre.publish();
        let length = |seed, records| {
            centre.gather(seed, records);
            let published = centre.publish();
            let increment = published.publication.increments.last().expect("there is one").file.length;
            (published.account.documents as f64, increment as f64)
        };
        let (small, large) = (length(2, 4_000), length(3, 40_000));
        let each = (large.1 - small.1) / (large.0 - small.0);
        Self { each, fixed: small.1 - each * small.0 }
    }

    fn of(&self, documents: u64) -> u64 {
        (self.fixed + self.each * documents as f64) as u64
    }
}

struct Year {
    publication: Publication,
    sizes: Sizes,
    records: u64,
    changed: u64,
    bases: u64,
}

impl Year {
    fn new(records: u64, sizes: Sizes) -> Self {
        let base = file("base", 0, (records as f64 * BASE_BYTES_EACH) as u64);
        let publication = Publication {
            format: Publication::FORMAT,
            feed: FeedName::parse("national").expect("a name"),
            sequence: 0,
            as_of: Timestamp::UNIX_EPOCH,
            lineage: String::new(),
            seed: 0,
            previous: None,
            base,
            delta: None,
            increments: Vec::new(),
            earlier: Vec::new(),
            list: Sums::default(),
            canaries: Canaries::default(),
            min_reader: 3,
            terms: Terms::default(),
        };
        Self { publication, sizes, records, changed: 0, bases: 1 }
    }

    /// As `portcullis feed publish` does it.
    fn publish(&mut self, hour: u64) {
        let changes = CHANGES_A_DAY / 24;
        let publication = &mut self.publication;
        let from = publication.sequence;
        publication.sequence = hour + 1;
        let sequence = publication.sequence;
        self.changed += changes;
        let increment = file("increment", sequence, self.sizes.of(changes));
        publication.increments.push(Increment { from, file: increment });
        if publication.increments.len() > 48 {
            publication.increments.remove(0);
        }
        let delta = file("delta", sequence, self.sizes.of(self.changed));
        if self.changed <= DELTA_DOCUMENTS_MAX {
            publication.delta = Some(delta);
            return;
        }
        let base = file("base", sequence, (self.records as f64 * BASE_BYTES_EACH) as u64);
        let before = std::mem::replace(&mut publication.base, base);
        publication.earlier.push(Earlier { base: before, closing: delta });
        publication.earlier.retain(|earlier| earlier.closing.sequence + 90 * 24 > sequence);
        publication.delta = None;
        (self.changed, self.bases) = (0, self.bases + 1);
    }
}

fn file(what: &str, sequence: u64, length: u64) -> File {
    let mut digest = [0; 32];
    digest[..8].copy_from_slice(&sequence.to_le_bytes());
    digest[8] = what.as_bytes()[0];
    File {
        name: format!("{what}-{sequence}"),
        sequence,
        as_of: Timestamp::UNIX_EPOCH,
        sha256: Digest(digest),
        length,
        notices: 0,
        state_digest: 0,
    }
}

#[derive(Default)]
struct Follower {
    held: Option<Held>,
    bytes: u64,
    first: u64,
    bases_fetched: u64,
}

impl Follower {
    fn follow(&mut self, publication: &Publication) {
        let plan = Plan::of(publication, self.held, &|_| false);
        let fetches_base = plan.steps.iter().any(|step| step.fetched().any(|file| *file == publication.base));
        self.bases_fetched += u64::from(fetches_base);
        if self.held.is_none() {
            self.first = plan.bytes;
        }
        self.bytes += plan.bytes;
        self.held = Some(Held { base: publication.base.sha256, sequence: publication.sequence });
    }
}
