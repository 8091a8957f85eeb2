//! A list that has come and waits for its time.

use std::path::Path;

use portcullis::syncing::{Activation, GateError, Outcome, SyncError, Wish};

use crate::support::feed::{Border, Centre, directory};

/// A mirror that is down.
fn nowhere() -> std::path::PathBuf {
    Path::new("/nonexistent/repository").to_owned()
}

fn sequence(border: &Border) -> Option<u64> {
    border.in_force().map(|generation| generation.feeds[0].bulletin.sequence)
}

#[test]
fn what_has_come_is_put_in_force_at_its_time_though_the_line_is_down() {
    let centre = Centre::with_a_list();
    let mut border = Border::following(&centre, 1);
    border.source.activation = Activation::At(12 * 60);
    centre.publish(3..6, 2);
    assert_eq!(border.sync(&centre.repository(), 3).unwrap().outcome, Outcome::Waiting);
    assert!(border.sync(&nowhere(), 4).is_err());
    assert_eq!(sequence(&border), Some(1));
    assert!(matches!(border.sync(&nowhere(), 7).unwrap().outcome, Outcome::InForce(_)));
    assert_eq!(sequence(&border), Some(2));
    assert!(matches!(border.sync(&nowhere(), 8), Err(SyncError::Refresh { .. })), "nothing waits any more");
}

#[test]
fn somebodys_word_puts_in_force_what_has_come_though_the_line_is_down() {
    let centre = Centre::with_a_list();
    let mut border = Border::following(&centre, 1);
    border.source.activation = Activation::OnCommand;
    centre.publish(3..6, 2);
    border.sync(&centre.repository(), 3).unwrap();
    let activate = Wish { activate: true, ..Wish::default() };
    let turned = border.sync_through(vec![directory(&nowhere())], activate, 4).unwrap();
    assert!(matches!(turned.outcome, Outcome::InForce(_)));
    assert_eq!(sequence(&border), Some(2));
}

#[test]
fn what_waited_is_not_overtaken_for_ever_by_what_waits_for_the_next_time() {
    let centre = Centre::with_a_list();
    let mut border = Border::following(&centre, 1);
    border.source.activation = Activation::At(12 * 60);
    centre.publish(3..6, 2);
    border.sync(&centre.repository(), 3).unwrap();
    // Published after noon, and found by the first look after it.
    centre.publish(6..9, 7);
    let synced = border.sync(&centre.repository(), 7).unwrap();
    assert_eq!((synced.sequence, synced.outcome), (3, Outcome::Waiting));
    assert_eq!(sequence(&border), Some(2));
    assert!(matches!(border.sync(&nowhere(), 31).unwrap().outcome, Outcome::InForce(_)));
    assert_eq!(sequence(&border), Some(3));
}

#[test]
fn what_waits_is_believed_no_more_than_a_mirror_is() {
    let centre = Centre::with_a_list();
    let mut border = Border::following(&centre, 1);
    border.source.activation = Activation::At(12 * 60);
    centre.publish(3..6, 2);
    border.sync(&centre.repository(), 3).unwrap();
    let kept = border.data.path().join("sync").join(border.source.feed.as_str()).join("waiting/metadata");
    let timestamp = kept.join("timestamp.json");
    let text = std::fs::read_to_string(&timestamp).unwrap();
    std::fs::write(&timestamp, text.replace("\"sig\":\"", "\"sig\":\"00")).unwrap();
    assert!(border.sync(&nowhere(), 7).is_err());
    assert_eq!(sequence(&border), Some(1));
    assert!(matches!(border.sync(&centre.repository(), 8).unwrap().outcome, Outcome::InForce(_)));
    // One that nobody accepts any more is not put in force either.
    centre.publish(6..9, 9);
    border.sync(&centre.repository(), 10).unwrap();
    assert!(border.sync(&nowhere(), 24 * 90).is_err());
    assert_eq!(sequence(&border), Some(2));
}

#[test]
fn a_list_that_follows_on_another_one_is_refused_until_the_keys_begin_anew() {
    let mut centre = Centre::with_a_list();
    let border = Border::following(&centre, 1);
    let copy = tempfile::tempdir().unwrap();
    let copied = |from: &Path, to: &Path| {
        let status = std::process::Command::new("cp").arg("-a").arg(from.join(".")).arg(to).status();
        assert!(status.unwrap().success());
    };
    let dir = centre.repository().parent().unwrap().to_owned();
    copied(&dir, copy.path());
    centre.publish(3..6, 2);
    border.sync(&centre.repository(), 3).unwrap();
    // The centre goes on from a copy, and does not know what it published.
    std::fs::remove_dir_all(&dir).unwrap();
    std::fs::create_dir(&dir).unwrap();
    copied(copy.path(), &dir);
    centre.publish(10..20, 4);
    centre.publish(20..30, 5);
    let refused = border.sync(&centre.repository(), 6).unwrap_err();
    assert!(matches!(refused, SyncError::Gate { source: GateError::Forked, .. }), "{refused:?}");
    assert_eq!(sequence(&border), Some(2));
    let other = centre.holders.with_other_online_keys();
    centre.gather("UTO", 30..31, false);
    centre.hand_on(&other, 7);
    assert!(matches!(border.sync(&centre.repository(), 8).unwrap().outcome, Outcome::InForce(_)));
    assert_eq!(sequence(&border), Some(4));
}
