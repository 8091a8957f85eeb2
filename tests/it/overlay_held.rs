//! A store of alerts that another process holds for long: what is known is right until somebody says that there is more.

use std::sync::Arc;

use jiff::Timestamp;
use portcullis::ground::storage::{Disk, Storage};
use portcullis::overlay::OverlayError;
use portcullis::screening::Overlay;

use crate::alert_desk::{Office, statement};

#[test]
fn a_store_that_is_held_takes_nothing_away_unless_something_newer_was_acknowledged() {
    let data = tempfile::tempdir().unwrap();
    let storage: Arc<dyn Storage> = Arc::new(Disk);
    let office = Office::at(storage.clone(), data.path());
    let issue = |number: &str| {
        office.desk(Default::default()).issue(statement(number), &"one".into(), None).unwrap();
    };
    issue("Q1");
    let overlay = Overlay::open(storage.clone(), data.path().to_owned(), || Ok(None));
    let fault = || overlay.in_force().fault.clone();
    let counter = || overlay.in_force().table.counter();
    assert!(fault().is_none() && counter() == 1);
    let lock = || storage.lock(&data.path().join("alerts/LOCK")).unwrap();
    let held = lock();
    assert!(!overlay.refresh(false), "nobody asks for what is held");
    assert!(!overlay.refresh(true));
    assert!(fault().is_none(), "whoever holds it has acknowledged nothing");
    drop(held);
    issue("Q2");
    let held = lock();
    assert!(overlay.refresh(false));
    assert!(matches!(*fault().unwrap(), OverlayError::Locked { .. }), "there is something newer");
    assert_eq!(counter(), 1, "what was known is still found");
    drop(held);
    assert!(overlay.refresh(false));
    assert!(fault().is_none() && counter() == 2);
    assert!(!overlay.has_over(Timestamp::UNIX_EPOCH) && overlay.has_over(Timestamp::MAX));
}
