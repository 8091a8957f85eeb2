//! Gate 1: a file that is not the one that was published is not verified.

use jiff::SignedDuration;
use portcullis::domain::{Authority, Bulletin, Kind};
use portcullis::feed::{VerifyError, verify_local};
use portcullis::ground::storage::Disk;
use portcullis::index::{current, segment_path};

use crate::support::site::{notice, publish};

fn published(data: &std::path::Path) -> Bulletin {
    publish(data, "local", &[notice("UTO", "X1", Kind::Passport)], SignedDuration::from_hours(1));
    current(&Disk, data).unwrap().unwrap().0.feeds.remove(0).bulletin
}

#[test]
fn what_was_published_is_verified() {
    let data = tempfile::tempdir().unwrap();
    let bulletin = published(data.path());
    let verified =
        verify_local(&Disk, bulletin.clone(), |file| segment_path(data.path(), file.digest)).unwrap();
    assert_eq!(*verified.get(), bulletin);
}

#[test]
fn a_file_that_was_altered_cut_or_taken_away_is_refused() {
    let data = tempfile::tempdir().unwrap();
    let bulletin = published(data.path());
    let path = segment_path(data.path(), bulletin.segments[0].digest);
    let whole = std::fs::read(&path).unwrap();
    let verify = || verify_local(&Disk, bulletin.clone(), |_| path.clone()).map(|_| ());
    for at in [0, whole.len() / 2, whole.len() - 1] {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        assert!(matches!(verify(), Err(VerifyError::Altered { .. })), "byte {at}");
    }
    std::fs::write(&path, &whole[..whole.len() - 1]).unwrap();
    assert!(matches!(verify(), Err(VerifyError::Altered { .. })));
    std::fs::write(&path, [&whole[..], b"x"].concat()).unwrap();
    assert!(matches!(verify(), Err(VerifyError::Altered { .. })));
    std::fs::remove_file(&path).unwrap();
    assert!(matches!(verify(), Err(VerifyError::Io { .. })));
}

#[test]
fn what_claims_signatures_or_names_no_file_is_refused() {
    let data = tempfile::tempdir().unwrap();
    let bulletin = published(data.path());
    let verify =
        |bulletin| verify_local(&Disk, bulletin, |file| segment_path(data.path(), file.digest)).map(|_| ());
    let signed = Bulletin { authority: Authority::Signed, ..bulletin.clone() };
    assert!(matches!(verify(signed), Err(VerifyError::Authority { .. })));
    let empty = Bulletin { segments: Vec::new(), ..bulletin };
    assert!(matches!(verify(empty), Err(VerifyError::NoSegment { .. })));
}
