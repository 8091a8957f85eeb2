//! Publishers' own formats, as `tests/registers` has them from their public descriptions.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::io::{Cursor, Write};
use std::path::Path;

use jiff::civil::date;
use portcullis::domain::{Kind, Status};
use portcullis::ground::storage::{Disk, Storage};
use portcullis::register::{Adapter, Column, RegisterError, RejectReason, Row, Source};

use crate::register_support::{Contents, contents, contents_of};

fn fixture(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/registers").join(name);
    Disk.read(&path, 1 << 20).unwrap()
}

fn shipped(word: &str) -> Adapter {
    Adapter::shipped(word).unwrap()
}

/// A register in a file of that name: some formats tell classes by it.
fn file(word: &str, name: &str, bytes: &[u8]) -> Result<Contents, RegisterError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    Disk.create(&path).unwrap().append(bytes).unwrap();
    contents_of(Source::open(&Disk, &path)?, shipped(word))
}

fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in members {
        archive.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

fn numbers(found: &Contents) -> Vec<String> {
    let number = |row: &Row| match &row.alias {
        None => row.notice.document.number.as_str().to_owned(),
        Some(alias) => format!("{}={}", row.notice.document.number.as_str(), alias.as_str()),
    };
    found.read.iter().map(number).collect()
}

fn reasons(found: &Contents) -> Vec<(u64, RejectReason)> {
    found.rejects.iter().map(|reject| (reject.line, reject.reason)).collect()
}

#[test]
fn russian_rows_are_ten_digits_or_refused() {
    use RejectReason as R;
    let found = contents(shipped("ru-mvd"), fixture("list_of_expired_passports.csv")).unwrap();
    assert_eq!(numbers(&found), ["4509123456", "0101000001", "4509123456"]);
    let shape = R::NumberShape;
    let refused = [(4, shape), (5, shape), (6, shape), (7, R::NumberMissing), (8, R::NumberMissing)];
    assert_eq!(reasons(&found), [&refused[..], &[(9, R::MalformedRow), (11, shape)]].concat());
    let notice = &found.notices[0];
    assert_eq!(notice.document.issuing_state.code(), "RUS");
    assert_eq!((notice.kind, notice.status, notice.reported_on), (Kind::IdentityCard, Status::Invalid, None));
}

#[test]
fn ukrainian_series_are_listed_in_latin_and_by_their_looks() {
    let found = contents(shipped("ua-mvs"), fixture("mvswantedpassport.json")).unwrap();
    assert_eq!(numbers(&found), ["AV123456=AB123456", "000123456", "FE654321", "BIU777777"]);
    assert_eq!(reasons(&found), [(5, RejectReason::NumberMissing), (6, RejectReason::MalformedRow)]);
    let said: Vec<_> =
        found.notices.iter().map(|notice| (notice.kind, notice.status, notice.reported_on)).collect();
    assert_eq!(
        said,
        [
            (Kind::IdentityCard, Status::Lost, Some(date(2019, 3, 5))),
            (Kind::IdentityCard, Status::Stolen, Some(date(2021, 12, 31))),
            (Kind::Passport, Status::Invalid, None),
            (Kind::Other, Status::Lost, None),
        ]
    );
    assert_eq!(found.read.iter().map(|row| row.days_left_out).collect::<Vec<_>>(), [0, 0, 1, 0]);
    assert_eq!(found.notices[0].reference.as_ref().unwrap().as_str(), "3023269961");
    let alias = found.read[0].alias_notice().unwrap();
    assert!(alias.alias && alias.document.number.as_str() == "AB123456");
}

#[test]
fn a_json_array_that_lost_its_end_is_no_list() {
    let whole = fixture("mvswantedpassport.json");
    let end = whole.iter().rposition(|byte| *byte == b']').unwrap();
    for cut in (0..=end).step_by(97).chain([end]) {
        let refused = contents(shipped("ua-mvs"), &whole[..cut]);
        assert!(
            matches!(refused, Err(RegisterError::Shape { .. } | RegisterError::Empty { .. })),
            "cut at {cut}: {refused:?}"
        );
    }
}

#[test]
fn czech_archives_have_a_class_a_member_told_by_its_name() {
    let archive =
        zip(&[("doklady/", b""), ("OP.csv", &fixture("OP.csv")), ("OPs_vse.csv", &fixture("OPs.csv"))]);
    let found = file("cz-mvcr", "neplatne.zip", &archive).unwrap();
    let expected =
        ["123456789", "987654321", "111111111", "222222222", "123456AB12=AB12123456", "654321CD=CD654321"];
    assert_eq!(numbers(&found), expected);
    assert_eq!(reasons(&found), [(3, RejectReason::NumberMissing), (3, RejectReason::MalformedRow)]);
    assert!(found.notices.iter().all(|notice| notice.kind == Kind::IdentityCard));
    assert_eq!(found.notices[0].reported_on, Some(date(2019, 9, 1)));
    assert_eq!(found.read.iter().map(|row| row.days_left_out).sum::<u8>(), 1);

    let passports = file("cz-mvcr", "cd_fialove.csv", b"12345678;1.9.2019\n").unwrap();
    assert_eq!(passports.notices[0].kind, Kind::Passport);
    let firearms = file("cz-mvcr", "ZP.csv", b"123456;1.9.2019\n").unwrap();
    let reject = firearms.rejects[0];
    assert_eq!((reject.reason, reject.column), (RejectReason::KindUnknown, Some(Column::Kind)));
    let odd = file("cz-mvcr", "OP.csv", b"1;2;3;4\n").unwrap_err();
    assert!(odd.to_string().contains("another number of fields"), "{odd}");
}

#[test]
fn czech_answers_list_what_they_call_invalid() {
    let found = file("cz-mvcr", "doklady.xml", &fixture("doklady.xml")).unwrap();
    assert_eq!(numbers(&found), ["123456AB12=AB12123456", "12345678"]);
    assert_eq!(found.notices[1].kind, Kind::Passport);
    assert_eq!(found.notices[0].reported_on, Some(date(1999, 9, 1)));
    assert_eq!(reasons(&found), [(3, RejectReason::NotListed), (4, RejectReason::MalformedRow)]);
}

#[test]
fn an_archive_in_an_archive_is_not_opened() {
    let inner = zip(&[("OP.csv", &fixture("OP.csv"))]);
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(&fixture("OP.csv")).unwrap();
    let packed = packed.finish().unwrap();
    let mut twice = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    twice.write_all(&packed).unwrap();
    for (name, bytes) in [
        ("a.zip", zip(&[("inner.zip", &inner)])),
        ("a.zip", zip(&[("OP.csv.gz", &packed)])),
        ("a.gz", twice.finish().unwrap()),
    ] {
        let refused = file("cz-mvcr", name, &bytes);
        assert!(matches!(refused, Err(RegisterError::Nested { .. })), "{refused:?}");
    }
    let pipe = Source::stdin(Cursor::new(inner));
    assert!(matches!(pipe, Err(RegisterError::ArchiveInPipe { .. })), "{pipe:?}");
}

#[test]
fn a_damaged_zip_archive_never_gives_another_list() {
    let archive = zip(&[("OP.csv", &fixture("OP.csv")), ("OPs.csv", &fixture("OPs.csv"))]);
    let whole = file("cz-mvcr", "a.zip", &archive).unwrap();
    for cut in 0..archive.len() {
        let cut_short = file("cz-mvcr", "a.zip", &archive[..cut]);
        assert!(cut_short.is_err() || cut < 4, "cut at {cut}: {cut_short:?}");
    }
    for at in 0..archive.len() {
        let mut flipped = archive.clone();
        flipped[at] ^= 1 << (at % 8);
        if let Ok(found) = file("cz-mvcr", "a.zip", &flipped) {
            let same = found.notices == whole.notices;
            // A member's name is under no checksum: what is told by it may be refused, and never told otherwise.
            let refused = found.notices.iter().all(|notice| whole.notices.contains(notice));
            assert!(same || refused, "byte {at}: {found:?}");
        }
    }
}

#[test]
fn a_zip_bomb_is_refused() {
    let big = [&b"1;1.1.2000\n"[..], &vec![b'\n'; 65 << 20]].concat();
    let bomb = zip(&[("OP.csv", &big)]);
    let refused = file("cz-mvcr", "a.zip", &bomb);
    assert!(matches!(refused, Err(RegisterError::ExpandsTooFar { archive: "zip", .. })), "{refused:?}");
    let many: Vec<_> = (0..1001).map(|at| format!("OP{at}.csv")).collect();
    let members: Vec<_> = many.iter().map(|name| (name.as_str(), &b"1;1.1.2000\n"[..])).collect();
    let refused = file("cz-mvcr", "a.zip", &zip(&members));
    assert!(matches!(refused, Err(RegisterError::MembersTooMany { .. })), "{refused:?}");
}
