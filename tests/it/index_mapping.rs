//! A mapped file that is spoilt says so and takes nobody down.
#![cfg(test)]

use std::fs::{File, OpenOptions};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Command;

use portcullis::domain::Notice;
use portcullis::ground::platform::Mapping;
use portcullis::index::Segment;

use crate::index_samples::{a_few, build, document, notice};

fn many() -> Vec<Notice> {
    (0..20_000)
        .map(|number| Notice { document: document("UTO", &format!("A{number:07}")), ..notice("UTO", "0") })
        .collect()
}

fn map(path: &Path, length: u64) -> std::io::Result<Mapping> {
    Mapping::map(File::open(path)?, length)
}

#[test]
fn a_file_cut_short_under_its_map_poisons_it_and_no_answer_before_that_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("segment");
    let notices = many();
    let (file, built) = build(&notices);
    std::fs::write(&path, &file).unwrap();
    let segment = Segment::open(map(&path, built.segment.length).unwrap()).unwrap();
    let (began, wait) = std::sync::mpsc::channel();
    std::thread::scope(|scope| {
        let finders = [0, 7_000].map(|offset| {
            let (segment, notices, began) = (&segment, &notices, began.clone());
            scope.spawn(move || {
                for (at, notice) in notices.iter().cycle().skip(offset).enumerate() {
                    let found = segment.find(&notice.document);
                    if segment.bytes().poisoned() {
                        return at;
                    }
                    assert_eq!(found.as_deref(), Ok(std::slice::from_ref(notice)));
                    if at == 100 {
                        began.send(()).unwrap();
                    }
                }
                unreachable!("it cycles")
            })
        });
        wait.recv().unwrap();
        wait.recv().unwrap();
        OpenOptions::new().write(true).open(&path).unwrap().set_len(4096).unwrap();
        for finder in finders {
            assert!(finder.join().unwrap() > 100);
        }
    });
    assert!(segment.bytes().poisoned());
    for notice in &notices {
        // Whatever it says now: it says it without a fault.
        let _ = segment.find(&notice.document);
    }
    assert!(segment.notices().count() > 0);
}

#[test]
fn a_file_cut_within_its_last_page_reads_as_zeros_without_a_signal_and_is_no_miss() {
    let (file, built) = build(&a_few());
    // Not within a set: of that only the length tells, which whoever answers measures.
    for length in (0..file.len() as u64).step_by(40) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("segment");
        std::fs::write(&path, &file).unwrap();
        let segment = Segment::open(map(&path, built.segment.length).unwrap()).unwrap();
        OpenOptions::new().write(true).open(&path).unwrap().set_len(length).unwrap();
        for notice in a_few() {
            let found = segment.find(&notice.document);
            let missed = found == Ok(Vec::new()) && !segment.bytes().poisoned();
            assert!(!missed, "a listed document is missed after a cut to {length} bytes");
        }
    }
}

#[test]
fn bytes_that_change_under_the_map_never_lead_a_lookup_astray_in_memory() {
    let (mut file, _) = build(&a_few());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("segment");
    std::fs::write(&path, &file).unwrap();
    let segment = Segment::open(map(&path, file.len() as u64).unwrap()).unwrap();
    for at in 0..file.len() {
        file[at] ^= 0xFF;
        std::fs::write(&path, &file).unwrap();
        for notice in a_few() {
            let _ = segment.find(&notice.document);
        }
        let _ = segment.notices().count();
        file[at] ^= 0xFF;
    }
}

#[test]
fn a_large_file_cut_off_is_borne_however_it_is_read() {
    // Twice as many holes as the kernel gives a process maps (65530), if each page were mended by itself.
    const PAGES: u64 = 4 * 65_530;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    let file = File::create(&path).unwrap();
    file.set_len(PAGES * 4096).unwrap();
    let map = map(&path, PAGES * 4096).unwrap();
    file.set_len(0).unwrap();
    assert!(map.as_ref().iter().rev().step_by(2 * 4096).all(|byte| *byte == 0));
    assert!(map.poisoned());
}

#[test]
fn only_the_map_of_the_spoilt_file_is_poisoned() {
    let folder = tempfile::tempdir().unwrap();
    let [spoilt, sound] = ["spoilt", "sound"].map(|name| {
        let path = folder.path().join(name);
        std::fs::write(&path, [1; 5 * 4096]).unwrap();
        path
    });
    let [spoilt_map, sound_map] = [&spoilt, &sound].map(|path| map(path, 5 * 4096).unwrap());
    OpenOptions::new().write(true).open(&spoilt).unwrap().set_len(2 * 4096).unwrap();
    assert_eq!((spoilt_map.as_ref()[3 * 4096], spoilt_map.poisoned()), (0, true));
    assert_eq!(spoilt_map.as_ref()[2 * 4096 - 1], 1, "what is there stays readable");
    assert_eq!((sound_map.as_ref()[3 * 4096], sound_map.poisoned()), (1, false));
    drop(spoilt_map);
    let fresh = map(&sound, 5 * 4096).unwrap();
    assert!(!fresh.poisoned(), "a new map does not inherit the poison of an old one");
}

#[test]
fn a_file_shorter_than_recorded_is_not_mapped() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    std::fs::write(&path, [1; 100]).unwrap();
    assert_eq!(map(&path, 101).unwrap_err().kind(), std::io::ErrorKind::UnexpectedEof);
    assert_eq!(map(&path, 0).unwrap_err().kind(), std::io::ErrorKind::InvalidInput);
    assert_eq!(map(&path, 100).unwrap().as_ref(), [1; 100]);
}

#[test]
fn places_for_maps_are_used_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    std::fs::write(&path, [1; 100]).unwrap();
    for _ in 0..3000 {
        assert_eq!(map(&path, 100).unwrap().as_ref()[99], 1);
    }
}

const CHILD: &str = "PORTCULLIS_TEST_SIGBUS_CHILD";

#[test]
fn a_signal_that_is_no_fault_of_ours_still_ends_the_process() {
    if std::env::var_os(CHILD).is_some() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, [1; 100]).unwrap();
        let _map = map(&path, 100).unwrap();
        // The runtime's own handler lets the first one pass.
        for _ in 0..5 {
            Command::new("kill").args(["-BUS", &std::process::id().to_string()]).status().unwrap();
            std::thread::sleep(std::time::Duration::from_millis(200));
        }
        return;
    }
    let test = "index_mapping::a_signal_that_is_no_fault_of_ours_still_ends_the_process";
    let child =
        Command::new(std::env::current_exe().unwrap()).args(["--exact", test]).env(CHILD, "1").output();
    assert_eq!(child.unwrap().status.signal(), Some(7), "SIGBUS");
}
