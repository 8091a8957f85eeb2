//! The store of alerts: what was acknowledged is there after every crash, and nothing that was changed is believed.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::fs;
use std::path::Path;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use portcullis::domain::alert::{
    Action, AlertId, CallerClass, Category, Grade, GradeScheme, Handling, Interval, Life, Line, Revision,
    Statement, Subject,
};
use portcullis::domain::{DocumentId, DocumentNumber, IssuingState};
use portcullis::ground::causes;
use portcullis::ground::storage::{Disk, Storage};
use portcullis::overlay::{Alerts, Change, OverlayError, Store, Table};
use proptest::prelude::*;

use crate::support::recording::Recording;

fn utopia() -> IssuingState {
    IssuingState::recognise("UTO").unwrap().state
}

pub(crate) fn document(number: &str) -> DocumentId {
    DocumentId { issuing_state: utopia(), number: DocumentNumber::parse(number).unwrap() }
}

fn interval(from: &str, to: &str) -> Subject {
    Subject::Interval(Interval::new(utopia(), document(from).number, document(to).number).unwrap())
}

pub(crate) fn change(alert: u8, number: u32, life: Life, subject: Subject) -> Change {
    let at = Timestamp::from_second(1_772_366_400 + i64::from(number)).unwrap();
    let statement = Statement {
        subject,
        category: Category::Stolen,
        action: Action::Refer,
        instruction: None,
        originator: Line::parse("Police", 20).unwrap(),
        contact: Line::parse("+999", 20).unwrap(),
        reference: None,
        grade: Grade::parse(GradeScheme::Admiralty, "A1").unwrap(),
        handling: Handling {
            classes: [CallerClass::Officer].into(),
            purposes: ["border".into()].into(),
            release_to: [].into(),
        },
        from: at,
        to: at + SignedDuration::from_hours(24),
    };
    Change {
        alert: AlertId([alert; 16]),
        number,
        at,
        by: "one".into(),
        issuer: "one".into(),
        life,
        unapproved_until: None,
        statement: Arc::new(statement),
    }
}

pub(crate) fn active(alert: u8, number: &str) -> Change {
    change(alert, 1, Life::Active, Subject::Document(document(number)))
}

pub(crate) fn open(storage: &(impl Storage + Clone + 'static), data: &Path) -> Result<Store, OverlayError> {
    let storage: Arc<dyn Storage> = Arc::new(storage.clone());
    Store::open_or_create(&storage, data)
}

pub(crate) fn all(store: &Store) -> Result<Vec<Revision>, OverlayError> {
    let mut revisions = Vec::new();
    store.each_after(0, &mut |revision| revisions.push(revision))?;
    Ok(revisions)
}

#[test]
fn what_was_kept_is_read_back_and_followed_from_where_one_was() {
    let data = tempfile::tempdir().unwrap();
    let storage: Arc<dyn Storage> = Arc::new(Disk);
    assert!(Store::open(&storage, data.path()).unwrap().is_none());
    assert_eq!(Store::newest(&Disk, data.path()).unwrap(), 0);
    let mut store = open(&Disk, data.path()).unwrap();
    let mut kept = store.append(vec![active(1, "A1"), active(2, "A2")]).unwrap();
    kept.extend(store.append(vec![change(1, 2, Life::Withdrawn, interval("B10", "B99"))]).unwrap());
    drop(store);
    assert_eq!(Store::newest(&Disk, data.path()).unwrap(), 3);
    let store = Store::open(&storage, data.path()).unwrap().unwrap();
    assert_eq!(all(&store).unwrap(), kept);
    assert_eq!(kept.iter().map(|one| one.origin.counter).collect::<Vec<_>>(), [1, 2, 3]);
    let mut alerts = Alerts::default();
    assert!(alerts.follow(&store).unwrap() && !alerts.follow(&store).unwrap());
    assert_eq!(alerts.get(&AlertId([1; 16])).unwrap().life, Life::Withdrawn);
    assert_eq!(alerts.counter(), 3);
}

#[test]
fn whatever_moment_the_power_goes_at_what_was_acknowledged_is_there() {
    let root = tempfile::tempdir().unwrap();
    let disk = Recording::new(root.path());
    let mut acknowledged = Vec::new();
    let mut store = open(&disk, root.path()).unwrap();
    acknowledged.push((disk.operations(), 0));
    for alert in 1..4 {
        store.append(vec![active(alert, "A1"), active(alert + 100, "A2")]).unwrap();
        acknowledged.push((disk.operations(), u64::from(alert) * 2));
    }
    drop(store);
    let whole = disk.operations();
    // Among others right after each acknowledgement.
    let wanted = |at: usize| at % 17 == 3 || acknowledged.iter().any(|(operations, _)| *operations == at);
    let images = disk.crash_images_at(7, wanted, |image| {
        let owed =
            acknowledged.iter().filter(|(at, _)| *at <= image.operations).map(|(_, count)| *count).max();
        let mut store =
            open(&Disk, image.root()).unwrap_or_else(|error| panic!("{image:?}: {}", causes(&error)));
        let found = all(&store).unwrap();
        assert!(found.len() as u64 >= owed.unwrap_or(0), "{image:?}: {} of {owed:?}", found.len());
        assert!(found.len().is_multiple_of(2), "all of an append or none of it: {image:?}");
        store.append(vec![active(99, "A9")]).unwrap();
        assert_eq!(all(&store).unwrap().len(), found.len() + 1);
    });
    assert!(images > 100 && whole > 40, "{images} images of {whole} operations");
}

#[test]
fn a_change_that_cannot_be_written_is_no_change() {
    let root = tempfile::tempdir().unwrap();
    let disk = Recording::new(root.path());
    let mut store = open(&disk, root.path()).unwrap();
    store.append(vec![active(1, "A1")]).unwrap();
    disk.disk_full_after(Some(0));
    assert!(matches!(store.append(vec![active(2, "A2")]), Err(OverlayError::Pages { .. })));
    drop(store);
    disk.disk_full_after(None);
    let mut store = open(&disk, root.path()).unwrap();
    assert_eq!(all(&store).unwrap().len(), 1);
    store.append(vec![active(2, "A2")]).unwrap();
    disk.fail_sync(1);
    assert!(store.append(vec![active(3, "A3")]).is_err());
    drop(store);
    let store = open(&disk, root.path()).unwrap();
    assert!((2..=3).contains(&all(&store).unwrap().len()));
}

#[test]
fn a_flipped_bit_anywhere_is_found_or_means_nothing() {
    let data = tempfile::tempdir().unwrap();
    let mut store = open(&Disk, data.path()).unwrap();
    let kept = store.append((1..40).map(|alert| active(alert, "A1")).collect()).unwrap();
    drop(store);
    let path = data.path().join("alerts/alerts.redb");
    let sound = fs::read(&path).unwrap();
    let (mut refused, mut meaningless) = (0, 0);
    for at in (0..sound.len()).step_by(sound.len() / 600) {
        let mut bytes = sound.clone();
        bytes[at] ^= 0x10;
        fs::write(&path, &bytes).unwrap();
        match open(&Disk, data.path()).and_then(|store| all(&store)) {
            Ok(found) => {
                assert_eq!(found, kept, "a bit at {at} changed what is read");
                meaningless += 1;
            }
            Err(_) => refused += 1,
        }
    }
    assert!(refused > 10 && meaningless > 10, "{refused} refused, {meaningless} meaningless");
}

#[test]
fn a_store_of_a_newer_program_is_refused_with_the_version_that_it_needs() {
    let data = tempfile::tempdir().unwrap();
    open(&Disk, data.path()).unwrap().append(vec![active(1, "A1")]).unwrap();
    let pages = redb::Database::open(data.path().join("alerts/alerts.redb")).unwrap();
    let writing = pages.begin_write().unwrap();
    {
        let heads = redb::TableDefinition::<&str, &[u8]>::new("head");
        let mut heads = writing.open_table(heads).unwrap();
        heads.remove("head 1").unwrap();
        heads.insert("head 4", &b"what it says is not known here"[..]).unwrap();
    }
    writing.commit().unwrap();
    drop(pages);
    let refused = open(&Disk, data.path()).unwrap_err();
    assert!(matches!(refused, OverlayError::Newer { found: 4, reads: 3, .. }), "{refused}");
}

#[test]
fn a_store_with_another_key_or_without_its_key_is_refused() {
    let (data, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for data in [&data, &other] {
        open(&Disk, data.path()).unwrap().append(vec![active(1, "A1")]).unwrap();
    }
    let key = |data: &tempfile::TempDir| data.path().join("alerts/key");
    fs::copy(key(&other), key(&data)).unwrap();
    let refused = open(&Disk, data.path()).unwrap_err();
    assert!(matches!(refused, OverlayError::Damaged { .. }), "{refused}");
    fs::remove_file(key(&data)).unwrap();
    let storage: Arc<dyn Storage> = Arc::new(Disk);
    let refused = Store::open(&storage, data.path()).unwrap_err();
    assert!(matches!(refused, OverlayError::Key { .. }), "{refused}");
    assert!(matches!(open(&Disk, data.path()), Err(OverlayError::Key { .. })), "none is made in its place");
}

proptest! {
    #[test]
    fn a_table_finds_what_each_alert_by_itself_would(
        subjects in prop::collection::vec((0_usize..6, 0_u32..60, 0_u32..60, any::<bool>()), 0..40),
        asked in prop::collection::vec((0_usize..6, 0_u32..70), 1..100),
    ) {
        // Of digits, of letters, of both where the other sort has as many, and longer than what is ranked.
        let number = |shape: usize, at: u32| match shape {
            0 => format!("C{:08}", at % 10 + at / 10 * 1_234_567),
            1 => format!("{:09}", at % 10 + at / 10 * 12_345_678),
            2 => format!("{:02}", at),
            3 => format!("{}{}", ['0', '9', 'A', 'B', 'Z'][at as usize / 15], ['0', '5', '9', 'A', 'Z'][at as usize % 5]),
            4 => format!("ABCDEFGH{:06}", at % 10 + at / 10 * 1_000),
            _ => format!("{:016}", u64::from(at % 10) + u64::from(at / 10) * 999_999_999),
        };
        let mut alerts = Alerts::default();
        let data = tempfile::tempdir().unwrap();
        let mut store = open(&Disk, data.path()).unwrap();
        let changes: Vec<_> = subjects
            .iter()
            .zip(1_u8..)
            .map(|((shape, one, other, exact), alert)| {
                let (from, to) = (number(*shape, *one), number(*shape, *other));
                let (from, to) = (from.clone().min(to.clone()), from.max(to));
                let subject =
                    if *exact { Subject::Document(document(&from)) } else { interval(&from, &to) };
                let life = if alert % 5 == 0 { Life::Withdrawn } else { Life::Active };
                change(alert, 1, life, subject)
            })
            .collect();
        if !changes.is_empty() {
            store.append(changes.clone()).unwrap();
        }
        alerts.follow(&store).unwrap();
        let table = Table::of(&alerts);
        prop_assert_eq!(table.counter(), changes.len() as u64);
        let asked: Vec<_> = asked.into_iter().map(|(shape, at)| document(&number(shape, at))).collect();
        let one_by_one = asked.iter().enumerate().flat_map(|(at, document)| {
            table.find(document).into_iter().map(move |revision| (at, revision))
        });
        prop_assert_eq!(table.find_batch(&asked), one_by_one.collect::<Vec<_>>());
        for document in asked {
            let mut found: Vec<_> = table.find(&document).iter().map(|revision| revision.alert).collect();
            let concerns = |change: &&Change| change.statement.subject.concerns(&document) && change.life == Life::Active;
            let mut expected: Vec<_> = changes.iter().filter(concerns).map(|change| change.alert).collect();
            found.sort_unstable();
            expected.sort_unstable();
            prop_assert_eq!(found, expected);
        }
    }
}
