//! Files of version 1 stay readable.

use std::path::Path;

use jiff::civil::date;

use super::file_writer::FileWriter;
use super::membership::Membership;
use super::stub::Stub;
use super::*;
use crate::audit::Role;
use crate::audit::log_id::LogId;
use crate::ground::storage::{Disk, Storage as _, publish_file};

const SEALED: &[u8] = include_bytes!("../golden/sealed-v1.bin");
const KEY: &str =
    "portcullis-sealing-key 1 0707070707070707070707070707070707070707070707070707070707070707\n";

fn name() -> SealedName {
    SealedName { first: 0, class: RetentionClass::Answers, day: date(2026, 3, 1), state: State::Sealed }
}

fn log_id() -> LogId {
    LogId::new(Role::Cli, 0x00c0_ffee)
}

/// Entries 1, 2 and 4 of a range of five.
fn stub() -> Stub {
    let mut members = Membership::default();
    [1, 2, 4].into_iter().for_each(|entry| members.push(entry));
    Stub { log_id: log_id(), name: name(), end: 5, members }
}

fn log_with_the_key() -> tempfile::TempDir {
    let log = tempfile::tempdir().unwrap();
    Disk.create_dir_all(&sealed_folder(log.path())).unwrap();
    publish_file(&Disk, &KeyName::of(name()).path(log.path()), KEY.as_bytes()).unwrap();
    log
}

fn assert_reads(log: &Path) {
    let file = SealedFile::open(&Disk, log, &log_id(), name()).unwrap();
    assert_eq!(file.stub, stub());
    for entry in 0..5_u64 {
        let written = file.read(entry).unwrap();
        let right = file.has(entry).then(|| ([entry as u8; 16], format!("entry {entry}").into_bytes()));
        assert_eq!(written, right);
    }
}

#[test]
fn a_sealed_file_of_version_1_is_read_as_it_was_written() {
    let log = log_with_the_key();
    publish_file(&Disk, &name().path(log.path()), SEALED).unwrap();
    assert_reads(log.path());
    assert_eq!(stub().encode(), SEALED[..stub().encode().len()]);
}

#[test]
fn what_is_written_now_is_read_too() {
    let log = log_with_the_key();
    let mut writer = FileWriter::create(&Disk, log.path(), &stub()).unwrap();
    for entry in [1_u8, 2, 4] {
        writer.push(&[entry; 16], format!("entry {entry}").as_bytes()).unwrap();
    }
    writer.finish(&Disk).unwrap();
    assert_reads(log.path());
}
