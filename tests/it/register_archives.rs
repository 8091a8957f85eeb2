//! Compressed registers: what is written is read back, and what is damaged is refused as a whole.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::io::{self, Cursor, Read, Write};
use std::path::Path;

use portcullis::domain::Notice;
use portcullis::ground::storage::{Disk, Storage};
use portcullis::register::generate::Generator;
use portcullis::register::{
    Compression, EXPANSION_FREE_BYTES, EXPANSION_MAX, Format, Output, PartFile, RegisterError, Source, write,
};
use proptest::prelude::*;

use crate::register_support::{HEADER, any_notice, contents, contents_of};

fn name(format: Format, compression: Compression) -> String {
    let end = compression.extension().map_or(String::new(), |end| format!(".{end}"));
    format!("list.{}{end}", format.word())
}

/// The bytes of a register as `Output` writes them.
fn packed(notices: &[Notice], format: Format, compression: Compression) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name(format, compression));
    let mut output = Output::create(&Disk, &path).unwrap();
    output.write_notices(notices.iter().cloned()).unwrap();
    output.finish().unwrap();
    assert_eq!(Disk.list(folder.path()).unwrap().as_slice(), std::slice::from_ref(&path));
    Disk.read(&path, 1 << 30).unwrap()
}

fn archives() -> impl Iterator<Item = Compression> {
    Compression::ALL.into_iter().filter(|compression| *compression != Compression::Plain)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn what_is_written_is_read_back(notices in prop::collection::vec(any_notice(), 1..40)) {
        for format in Format::ALL {
            for compression in Compression::ALL {
                let bytes = packed(&notices, format, compression);
                let source = Source::stdin(Cursor::new(bytes.clone())).unwrap();
                prop_assert_eq!(source.compression(), compression);
                let found = contents_of(source, format).unwrap();
                prop_assert_eq!(&found.rejects, &[]);
                prop_assert_eq!(&found.notices, &notices);
                prop_assert_eq!(bytes, packed(&notices, format, compression), "the same bytes each time");
            }
        }
    }
}

#[test]
fn archives_of_several_parts_are_read_to_their_end() {
    for compression in archives() {
        let notices: Vec<_> = Generator::new(3, 40).collect();
        let parts =
            [&notices[..25], &notices[25..]].map(|part| packed(part, Format::Ndjson, compression)).concat();
        assert_eq!(contents(Format::Ndjson, parts).unwrap().notices, notices, "{compression:?}");
    }
}

#[test]
fn an_archive_cut_short_anywhere_is_refused() {
    let notices: Vec<_> = Generator::new(3, 60).collect();
    for compression in archives() {
        for format in Format::ALL {
            let bytes = packed(&notices, format, compression);
            for cut in 6..bytes.len() {
                let refused = contents(format, &bytes[..cut]);
                assert!(
                    matches!(refused, Err(RegisterError::Damaged { .. })),
                    "{compression:?} cut at {cut} of {}: {refused:?}",
                    bytes.len()
                );
            }
        }
    }
}

#[test]
fn a_flipped_bit_in_an_archive_never_gives_another_list() {
    let notices: Vec<_> = Generator::new(3, 60).collect();
    for compression in archives() {
        let bytes = packed(&notices, Format::Csv, compression);
        let mut refused = 0;
        for at in 0..bytes.len() {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << (at % 8);
            match contents(Format::Csv, flipped) {
                Ok(found) => assert_eq!(found.notices, notices, "{compression:?} byte {at}"),
                Err(_) => refused += 1,
            }
        }
        assert!(refused + 10 >= bytes.len(), "{compression:?}: only {refused} of {} refused", bytes.len());
    }
}

#[test]
fn an_archive_with_something_behind_it_is_refused() {
    let notices: Vec<_> = Generator::new(3, 5).collect();
    for compression in archives() {
        let mut bytes = packed(&notices, Format::Ndjson, compression);
        bytes.extend_from_slice(b"something else");
        let refused = contents(Format::Ndjson, bytes);
        assert!(matches!(refused, Err(RegisterError::Damaged { .. })), "{compression:?}: {refused:?}");
    }
}

#[test]
fn an_archive_of_another_sort_is_named() {
    for (signature, sort) in
        [(&b"PK\x07\x08rest"[..], "split zip"), (b"\xFD7zXZ\0", "xz"), (b"7z\xBC\xAF\x27\x1C", "7z")]
    {
        let refused = contents(Format::Csv, signature).unwrap_err();
        assert!(refused.to_string().contains(&format!("a {sort} archive")), "{refused}");
    }
}

#[test]
fn a_small_file_that_grows_without_end_is_refused() {
    let header = Cursor::new(format!("{HEADER}\n"));
    let endless = header.chain(io::repeat(b'\n').take(EXPANSION_FREE_BYTES + (1 << 20)));
    let bomb = zstd::encode_all(endless, 1).unwrap();
    assert!((bomb.len() as u64) < EXPANSION_FREE_BYTES / EXPANSION_MAX);
    let refused = contents(Format::Csv, bomb);
    assert!(matches!(refused, Err(RegisterError::ExpandsTooFar { .. })), "{refused:?}");
}

/// Gives some bytes and then fails.
struct Failing(Cursor<Vec<u8>>);

impl Read for Failing {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.0.read(buffer)? {
            0 => Err(io::Error::other("the device is gone")),
            count => Ok(count),
        }
    }
}

#[test]
fn a_device_that_fails_is_not_taken_for_a_damaged_archive() {
    let notices: Vec<_> = Generator::new(3, 60).collect();
    for compression in Compression::ALL {
        let mut bytes = packed(&notices, Format::Csv, compression);
        bytes.truncate(bytes.len() / 2);
        let source = Source::stdin(Failing(Cursor::new(bytes))).unwrap();
        let refused = contents_of(source, Format::Csv);
        assert!(matches!(refused, Err(RegisterError::Read { .. })), "{compression:?}: {refused:?}");
    }
}

#[test]
fn a_gzip_header_tells_neither_time_nor_system() {
    let bytes = packed(&[], Format::Csv, Compression::Gzip);
    assert_eq!((&bytes[4..8], bytes[9]), (&[0; 4][..], 255));
}

#[test]
fn a_register_that_is_not_finished_leaves_nothing_behind_and_replaces_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("list.csv.gz");
    let mut output = Output::create(&Disk, &path).unwrap();
    output.write_notices(Generator::new(1, 10)).unwrap();
    output.finish().unwrap();
    let whole = Disk.read(&path, 1 << 20).unwrap();
    let mut output = Output::create(&Disk, &path).unwrap();
    output.write_notices(Generator::new(2, 10_000)).unwrap();
    assert_eq!(Disk.list(folder.path()).unwrap().len(), 2, "it is written beside");
    drop(output);
    assert_eq!(Disk.list(folder.path()).unwrap().as_slice(), std::slice::from_ref(&path));
    assert_eq!(Disk.read(&path, 1 << 20).unwrap(), whole);
}

#[test]
fn what_a_crash_left_behind_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    Disk.create(&folder.path().join("a.tmp")).unwrap().append(b"half").unwrap();
    let mut file = PartFile::create(&Disk, &path).unwrap();
    file.write_all(b"whole").unwrap();
    file.commit().unwrap();
    assert_eq!(Disk.read(&path, 100).unwrap(), b"whole");
}

#[test]
fn a_name_that_does_not_say_what_to_write_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["list", "list.gz", "list.xlsx", "list.csv.zip"] {
        let refused = Output::create(&Disk, &folder.path().join(name));
        assert!(matches!(refused, Err(RegisterError::OutputName { .. })), "{name}");
    }
    let refused = Output::create(&Disk, &folder.path().join("absent/list.csv"));
    assert!(matches!(refused, Err(RegisterError::Write { .. })));
    assert!(PartFile::create(&Disk, Path::new("/")).is_err());
    assert!(Disk.list(folder.path()).unwrap().is_empty());
}

#[test]
fn every_row_that_is_written_is_counted() {
    for format in Format::ALL {
        let mut bytes = Vec::new();
        assert_eq!(write(Generator::new(1, 1000), format, &mut bytes).unwrap(), 1000);
        assert_eq!(contents(format, bytes).unwrap().rows, 1000);
    }
}
