//! Whatever moment the power goes at in whichever act: what was acknowledged is kept, and what is kept is on record.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::sync::Arc;

use portcullis::alerting::AlertPolicy;
use portcullis::audit::{
    self, AuditLog, ClockBy, Follower, Position, Recorded, RetentionClass, Role, Wanted,
};
use portcullis::domain::alert::{AlertId, Revision};
use portcullis::ground::storage::{Disk, Storage};
use portcullis::overlay::{Alerts, Store};

use crate::alert_desk::{Office, hours, statement};
use crate::support::recording::Recording;

/// How many acts on alerts are on record in the logs of a site, once those were opened again.
fn acts_on_record(storage: &Arc<dyn Storage>, data: &std::path::Path) -> usize {
    let now = hours(24 * 30);
    let (log, _) = AuditLog::open(storage.clone(), data, Role::Cli, audit::Config::default(), now).unwrap();
    log.close().unwrap();
    let mut follower = Follower::new(storage.clone(), data.to_owned(), Position::default());
    let wanted = Wanted { classes: &[RetentionClass::Acts], body: &|_| true };
    let mut acts = 0;
    let mut visit = |_: &Arc<str>, _: &Position, recorded: Recorded| {
        let Recorded::Whole(stored) = recorded else { return };
        let act = serde_json::from_slice::<serde_json::Value>(&stored.body).unwrap()["act"].clone();
        let act = act.as_str().unwrap();
        acts += usize::from(act.starts_with("alert_") && act != "alert_kept" && act != "alert_read");
    };
    while follower.poll(wanted, 1 << 20, &mut visit).unwrap() {}
    acts
}

#[test]
fn what_was_acknowledged_is_kept_and_what_is_kept_is_on_record() {
    let root = tempfile::tempdir().unwrap();
    let disk = Recording::new(root.path());
    let mut office = Office::at(Arc::new(disk.clone()), root.path());
    office.policy = AlertPolicy { four_eyes: true, unapproved_hours: 0, ..AlertPolicy::default() };
    let (one, two): (Arc<str>, Arc<str>) = ("one".into(), "two".into());
    let mut acknowledged = vec![(disk.operations(), 0)];
    {
        let mut desk = office.desk(Alerts::default());
        let mut done = |revision: Arc<Revision>| {
            acknowledged.push((disk.operations(), revision.origin.counter));
            revision.alert
        };
        let first: AlertId = done(desk.draft(statement("Q1"), &one, None).unwrap().revision());
        done(desk.submit(first, &one, None).unwrap());
        done(desk.approve(first, &two, None).unwrap());
        done(desk.amend(first, statement("Q2"), &one, None).unwrap());
        done(desk.approve(first, &two, Some(4)).unwrap());
        done(desk.renew(first, hours(12), &one, None).unwrap());
        let second = done(desk.issue(statement("Q3"), &one, None).unwrap().revision());
        done(desk.withdraw(second, &two, None).unwrap());
        office.hand.goes_on(24 * 3600);
        assert_eq!(desk.expire(ClockBy::Word).unwrap(), 1);
        acknowledged.push((disk.operations(), 9));
    }
    let kept = office.kept();
    assert_eq!(kept.len(), 9);
    office.log.close().unwrap();
    // Right after each acknowledgement, and between.
    let wanted = |at: usize| at % 29 == 5 || acknowledged.iter().any(|(operations, _)| *operations == at);
    let storage: Arc<dyn Storage> = Arc::new(Disk);
    let mut cut_short = 0;
    let images = disk.crash_images_at(2, wanted, |image| {
        let owed = acknowledged.iter().filter(|(at, _)| *at <= image.operations).map(|(_, count)| *count);
        let floor = audit::alert_floor(&*storage, image.root()).unwrap();
        let mut found = Vec::new();
        if let Some(store) = Store::open_not_below(&storage, image.root(), floor).unwrap() {
            store.each_after(0, &mut |revision| found.push(revision)).unwrap();
        }
        assert!(found.len() as u64 >= owed.max().unwrap_or(0), "{image:?}: {}", found.len());
        assert_eq!(found, kept[..found.len()], "{image:?}");
        let on_record = acts_on_record(&storage, image.root());
        assert!(on_record >= found.len(), "{image:?}: {on_record} acts on record, {} kept", found.len());
        cut_short += usize::from(on_record > found.len());
    });
    assert!(images > 30 && cut_short > 0, "{images} images, {cut_short} between the entry and the revision");
}
