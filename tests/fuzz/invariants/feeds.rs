//! Feeds: metadata, bulletins, and what publishers decide.

use std::collections::BTreeMap;

use portcullis::config::PublisherSettings;
use portcullis::domain::SegmentRole;
use portcullis::feed::{Metadata, Publication, roles_of};
use portcullis::syncing::{Held, Plan, Step};

use super::assert_silent;

/// Root, timestamp, snapshot and targets, with a byte of 0 between them: read or refused, and what is read has no fault.
pub fn feed_metadata(data: &[u8]) {
    let mut parts = data.split(|byte| *byte == 0);
    let root = parts.next().unwrap_or_default();
    let names = ["timestamp.json", "snapshot.json", "targets.json"];
    let files: BTreeMap<_, _> =
        names.into_iter().zip(parts).map(|(name, bytes)| (name.to_owned(), bytes.to_vec())).collect();
    let _ = roles_of(root);
    let _ = Publication::kept(&files);
    if let Ok(metadata) = Metadata::read(root, &files) {
        assert_eq!(metadata.publication().fault(), None);
        assert!(metadata.as_of() >= metadata.publication().as_of);
    }
}

/// A bulletin: if it has no fault, whoever holds any of its bases finds a way to its list.
pub fn bulletin(data: &[u8]) {
    let Ok(publication) = serde_json::from_slice::<Publication>(data) else { return };
    let written = serde_json::to_vec(&publication).expect("what was read can be written");
    assert_eq!(serde_json::from_slice::<Publication>(&written).expect("it is read again"), publication);
    if publication.fault().is_some() {
        return;
    }
    let bases = publication.earlier.iter().map(|earlier| &earlier.base).chain([&publication.base]);
    let sequences = publication.increments.iter().map(|increment| increment.from).chain([0, u64::MAX]);
    for base in bases {
        for sequence in sequences.clone() {
            let held = Held { base: base.sha256, sequence };
            assert_leads_to_the_list(&publication, &Plan::of(&publication, Some(held), &|_| false));
        }
    }
    assert_leads_to_the_list(&publication, &Plan::of(&publication, None, &|_| false));
}

fn assert_leads_to_the_list(publication: &Publication, plan: &Plan) {
    let mut base = None;
    let mut delta = None;
    for step in &plan.steps {
        match step {
            Step::Fetch { file, role: SegmentRole::Base } => (base, delta) = (Some(file), None),
            Step::Fetch { file, role: SegmentRole::Delta } | Step::Compose { file, .. } => delta = Some(file),
            Step::Fold { file } => (base, delta) = (Some(file), None),
        }
    }
    // Without a step that makes a base it is the one that is held.
    assert!(base.is_none_or(|base| *base == publication.base));
    assert_eq!(delta, publication.delta.as_ref());
    let known: Vec<_> = publication.targets().map(|file| file.path()).collect();
    assert!(plan.steps.iter().flat_map(Step::fetched).all(|file| known.contains(&file.path())));
}

/// `feed.toml`: read or refused; what is read is written as what reads the same.
pub fn feed_settings(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match PublisherSettings::parse(text) {
        Ok(settings) => assert_eq!(PublisherSettings::parse(&settings.to_toml()).as_ref(), Ok(&settings)),
        Err(faults) => assert_silent(&faults, &[]),
    }
}
