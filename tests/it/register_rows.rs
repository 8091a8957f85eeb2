//! Every row of a register is a notice or a reject.

use std::collections::BTreeSet;
use std::io::Cursor;
use std::sync::atomic::Ordering;

use portcullis::ground::storage::{Disk, Storage};
use portcullis::register::{
    Column, Format, LINE_BYTES_MAX, RegisterError, RejectFile, RejectReason, Source, Tally, read,
};
use proptest::prelude::*;

use crate::register_support::{HEADER, contents, contents_of};

const GOOD: &str = "L898902C3,UTO,passport,lost,2020-02-29,2030-02-28,A/1";

fn csv(rows: &[&str]) -> Vec<u8> {
    [HEADER].iter().chain(rows).flat_map(|row| [row.as_bytes(), b"\n"].concat()).collect()
}

/// A row for each reason that CSV has, with the column that it names.
fn faulty_rows() -> Vec<(Vec<u8>, RejectReason, Option<Column>)> {
    use RejectReason as R;
    let long_line = format!("{},UTO,passport,lost,,,", "1".repeat(LINE_BYTES_MAX));
    let long_reference = format!("SECRET1,UTO,passport,lost,,,{}", "r".repeat(65));
    let number = Some(Column::DocumentNumber);
    let issuer = Some(Column::IssuingState);
    let texts: &[(&str, R, Option<Column>)] = &[
        ("SECRET1,UTO,passport,lost,,", R::MalformedRow, None),
        ("SECRET1,UTO,passport,lost,,,,", R::MalformedRow, None),
        ("\"SECRET1,UTO,passport,lost,,,", R::MalformedRow, None),
        ("\"SECRET1\"2,UTO,passport,lost,,,", R::MalformedRow, None),
        (" ", R::MalformedRow, None),
        (&long_line, R::RowTooLong, None),
        (",UTO,passport,lost,,,", R::NumberMissing, number),
        ("<< -,UTO,passport,lost,,,", R::NumberMissing, number),
        ("SECRET_1,UTO,passport,lost,,,", R::NumberCharacter, number),
        ("SECRET\0,UTO,passport,lost,,,", R::NumberCharacter, number),
        ("SECRET1SECRET1SECRET1SE,UTO,passport,lost,,,", R::NumberTooLong, number),
        ("SECRET1,,passport,lost,,,", R::IssuerMissing, issuer),
        ("SECRET1,<<<,passport,lost,,,", R::IssuerMissing, issuer),
        ("SECRET1,XXA,passport,lost,,,", R::IssuerUnknown, issuer),
        ("SECRET1,UTO,Passport,lost,,,", R::KindUnknown, Some(Column::Kind)),
        ("SECRET1,UTO,,lost,,,", R::KindUnknown, Some(Column::Kind)),
        ("SECRET1,UTO,passport,found,,,", R::StatusUnknown, Some(Column::Status)),
        ("SECRET1,UTO,passport,,,,", R::StatusUnknown, Some(Column::Status)),
        ("SECRET1,UTO,passport,lost,2023-02-29,,", R::DateInvalid, Some(Column::ReportedOn)),
        ("SECRET1,UTO,passport,lost,,soon,", R::DateInvalid, Some(Column::ReviewOn)),
        ("SECRET1,UTO,passport,lost,1899-12-31,,", R::DateOutOfRange, Some(Column::ReportedOn)),
        ("SECRET1,UTO,passport,lost,,2201-01-01,", R::DateOutOfRange, Some(Column::ReviewOn)),
        ("SECRET1,UTO,passport,lost,,,Ä", R::ReferenceInvalid, Some(Column::Reference)),
        (&long_reference, R::ReferenceInvalid, Some(Column::Reference)),
        ("\"SECRET1\",UTO,passport,lost,,,,", R::MalformedRow, None),
        ("\"SECRET1\",UTO,passport,lost,,", R::MalformedRow, None),
    ];
    let mut rows: Vec<_> =
        texts.iter().map(|(row, reason, column)| (row.as_bytes().to_vec(), *reason, *column)).collect();
    rows.push((b"SECRET1,UTO,passport,lost,,,\xFF".to_vec(), R::NotUtf8, None));
    rows
}

#[test]
fn each_faulty_row_is_one_reject_with_its_line_reason_and_column() {
    let mut bytes = csv(&[GOOD]);
    for (row, ..) in faulty_rows() {
        bytes.extend_from_slice(&row);
        bytes.push(b'\n');
    }
    bytes.extend_from_slice(GOOD.as_bytes());
    let found = contents(Format::Csv, bytes).unwrap();
    assert_eq!((found.notices.len(), found.rows), (2, faulty_rows().len() as u64 + 2));
    assert_eq!(found.rejects.len(), faulty_rows().len());
    for (line, (reject, (row, reason, column))) in (3..).zip(found.rejects.iter().zip(faulty_rows())) {
        let row = String::from_utf8_lossy(&row[..row.len().min(60)]).into_owned();
        assert_eq!((reject.line, reject.reason, reject.column), (line, reason, column), "{row}");
    }
}

#[test]
fn objects_are_refused_for_the_same_reasons_and_two_of_their_own() {
    use RejectReason as R;
    let long = format!("{{\"document_number\":\"{}\"}}", "1".repeat(LINE_BYTES_MAX));
    let cases: &[(&[u8], R, Option<Column>)] = &[
        (b"{\"document_number\":\"SECRET1\"", R::MalformedRow, None),
        (b"{\"document_number\":123}", R::MalformedRow, Some(Column::DocumentNumber)),
        (b"{\"reference\":\"\xFF\"}", R::NotUtf8, None),
        (long.as_bytes(), R::RowTooLong, None),
        (b"{}", R::NumberMissing, Some(Column::DocumentNumber)),
        (b"{\"document_number\":\"SECRET1\"}", R::IssuerMissing, Some(Column::IssuingState)),
        (b"{\"document_number\":\"SECRET1\",\"name\":\"X\"}", R::ColumnUnknown, None),
        (b"{\"kind\":\"visa\",\"kind\":\"visa\"}", R::DuplicateMember, Some(Column::Kind)),
    ];
    for (row, reason, column) in cases {
        let found = contents(Format::Ndjson, [b"\n  \n", *row, b"\r\n"].concat()).unwrap();
        assert_eq!((found.rows, found.notices.len()), (1, 0));
        let reject = found.rejects[0];
        assert_eq!((reject.line, reject.reason, reject.column), (3, *reason, *column));
    }
    let reached: BTreeSet<_> = cases
        .iter()
        .map(|(_, reason, _)| *reason)
        .chain(faulty_rows().into_iter().map(|(_, reason, _)| reason))
        .chain(crate::register_mapped::faulty().into_iter().map(|(_, _, reason, _)| reason))
        .collect();
    assert_eq!(reached, RejectReason::ALL.into_iter().collect(), "a reason has no row that shows it");
}

#[test]
fn lines_count_on_across_quoted_line_breaks_and_no_row_after_one_is_lost() {
    let broken = "A1,UTO,passport,lost,,,\"two\nlines\"";
    let open = "\"A2,UTO,passport,lost,,,";
    let found = contents(Format::Csv, csv(&[GOOD, "", broken, GOOD, open, GOOD, "\r", "A_1,,,,,,"])).unwrap();
    let rejects: Vec<_> = found.rejects.iter().map(|reject| (reject.line, reject.reason)).collect();
    let malformed = RejectReason::MalformedRow;
    assert_eq!(
        rejects,
        [(4, malformed), (5, malformed), (7, malformed), (10, RejectReason::NumberCharacter)]
    );
    assert_eq!((found.notices.len(), found.rows), (3, 7));
}

#[test]
fn columns_come_in_any_order_and_optional_ones_may_be_absent() {
    let bytes =
        "\u{FEFF}\r\n\"status\",document_number,kind,issuing_state\r\nlost,\"L 898902-C3\",visa,GBO\r\n";
    let found = contents(Format::Csv, bytes).unwrap();
    let notice = &found.notices[0];
    assert_eq!(notice.document.number.as_str(), "L898902C3");
    assert_eq!((notice.document.issuing_state.code(), notice.kind.word()), ("GBR", "visa"));
    assert_eq!((notice.reported_on, notice.review_on, notice.reference.as_ref()), (None, None, None));
}

#[test]
fn a_header_with_a_fault_refuses_the_file_and_names_the_column() {
    let refusal = |header: &str| contents(Format::Csv, format!("{header}\n{GOOD}\n")).unwrap_err();
    let text = |header: &str| refusal(header).to_string();
    assert!(text(&format!("{HEADER},surname")).contains("column surname of the header"));
    assert!(text(&format!("{HEADER},Surname")).contains("column 8 of the header"));
    assert!(text(&format!("{HEADER},{}", "a".repeat(41))).contains("column 8 of the header"));
    assert!(text(&format!("{HEADER},")).contains("column 8 of the header"));
    assert!(text(&format!("{HEADER},kind")).contains("column kind occurs twice"));
    assert!(text("document_number,kind,status").contains("column issuing_state is missing"));
    assert!(matches!(refusal(&format!("{HEADER},\"kind")), RegisterError::HeaderUnreadable { .. }));
    assert!(matches!(refusal(&"kind,".repeat(LINE_BYTES_MAX)), RegisterError::HeaderUnreadable { .. }));
    let without_header = refusal("L898902C3,UTO,passport,lost,,,");
    assert!(without_header.to_string().contains("column 1 of the header"));
    assert!(!format!("{without_header} {without_header:?}").contains("L898902C3"));
}

#[test]
fn an_empty_file_is_no_list_without_entries() {
    for bytes in ["", "\n\n", "\u{FEFF}"] {
        for format in Format::ALL {
            assert!(matches!(contents(format, bytes), Err(RegisterError::Empty { .. })), "{format:?}");
        }
    }
    assert_eq!(contents(Format::Csv, HEADER).unwrap().rows, 0);
}

#[test]
fn the_list_of_rejects_has_every_reject_and_no_content_of_the_register() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rejects.csv");
    let mut bytes = csv(&[GOOD]);
    for (row, ..) in faulty_rows() {
        bytes.extend_from_slice(&row);
        bytes.push(b'\n');
    }
    let source = Source::stdin(Cursor::new(bytes)).unwrap();
    let register = source.path().to_owned();
    let mut list = RejectFile::create(&Disk, &path).unwrap();
    let mut tally = Tally::default();
    read::<RegisterError>(source, &Format::Csv.into(), &mut |text, _, row| {
        assert_eq!(text, register);
        match row {
            Ok(row) => tally.accept(&row),
            Err(reject) => {
                tally.reject(reject.reason);
                list.write(text, &reject)?;
                assert!(!format!("{reject:?}").contains("SECRET"));
            }
        }
        Ok(())
    })
    .unwrap();
    assert!(Disk.open_read(&path).is_err(), "a list that is not whole has no name yet");
    list.finish().unwrap();
    let text = String::from_utf8(Disk.read(&path, 1 << 20).unwrap()).unwrap();
    assert!(text.starts_with("file,line,reason,column\n-,3,malformed_row,\n"), "{text}");
    assert!(text.contains("\n-,9,number_missing,document_number\n"), "{text}");
    assert_eq!(text.lines().count() as u64, tally.rejected_total() + 1);
    assert!(!text.contains("SECRET"));
    tally.assert_adds_up();
    assert_eq!(Disk.list(folder.path()).unwrap(), [path]);
}

#[test]
fn a_file_says_its_length_its_progress_and_its_time() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.csv");
    let bytes = csv(&[GOOD]);
    Disk.create(&path).unwrap().append(&bytes).unwrap();
    let source = Source::open(&Disk, &path).unwrap();
    assert_eq!((source.path(), source.length()), (&*path, Some(bytes.len() as u64)));
    assert!((jiff::Timestamp::now() - source.modified().unwrap()).get_seconds() < 600);
    let progress = source.progress();
    assert!(progress.load(Ordering::Relaxed) < bytes.len() as u64);
    assert_eq!(contents_of(source, Format::Csv).unwrap().rows, 1);
    assert_eq!(progress.load(Ordering::Relaxed), bytes.len() as u64);
    let absent = Source::open(&Disk, &folder.path().join("b.csv")).unwrap_err();
    assert!(matches!(absent, RegisterError::Open { .. }));
}

#[test]
fn whoever_takes_the_rows_can_end_the_reading() {
    let source = Source::stdin(Cursor::new(csv(&[GOOD, GOOD]))).unwrap();
    let mut rows = 0;
    let ended = read(source, &Format::Csv.into(), &mut |_, _, _| {
        rows += 1;
        Err(RegisterError::Empty { path: "full".into() })
    });
    assert!(ended.is_err());
    assert_eq!(rows, 1);
}

/// Lines that are nearly rows, so that both sorts occur.
fn near_line(format: Format) -> impl Strategy<Value = Vec<u8>> {
    let good = match format {
        Format::Csv => GOOD.to_owned(),
        Format::Ndjson => {
            "{\"document_number\":\"A1\",\"issuing_state\":\"D\",\"kind\":\"visa\",\"status\":\"lost\"}"
                .to_owned()
        }
    };
    let edits = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3);
    edits.prop_map(move |edits| {
        let mut line = good.clone().into_bytes();
        for (at, byte) in edits {
            let at = at.index(line.len());
            line[at] = byte;
        }
        line
    })
}

fn counts_add_up(format: Format, bytes: &[u8]) -> Result<(), TestCaseError> {
    let lines =
        bytes.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()).count() as u64;
    if let Ok(found) = contents(format, bytes) {
        prop_assert_eq!(found.rows, (found.notices.len() + found.rejects.len()) as u64);
        prop_assert!(found.rows <= bytes.split(|byte| *byte == b'\n').count() as u64);
        let header = u64::from(format == Format::Csv);
        prop_assert!(found.rows + header >= lines, "{} rows of {} lines", found.rows, lines);
    }
    Ok(())
}

proptest! {
    #[test]
    fn any_bytes_are_refused_or_accounted_for(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        for format in Format::ALL {
            counts_add_up(format, &bytes)?;
            counts_add_up(format, &[HEADER.as_bytes(), b"\n", &bytes].concat())?;
        }
    }

    #[test]
    fn any_bytes_behind_a_signature_are_refused_or_accounted_for(
        signature in prop::sample::select(vec![
            &b"\x1F\x8B\x08"[..], b"\x28\xB5\x2F\xFD", b"\x50\x2A\x4D\x18", b"BZh9", b"BZh91AY&SY",
        ]),
        bytes in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        for format in Format::ALL {
            if let Ok(found) = contents(format, [signature, &bytes].concat()) {
                prop_assert_eq!(found.rows, (found.notices.len() + found.rejects.len()) as u64);
            }
        }
    }

    #[test]
    fn rows_that_are_nearly_right_are_accounted_for(
        csv_lines in prop::collection::vec(near_line(Format::Csv), 1..20),
        json_lines in prop::collection::vec(near_line(Format::Ndjson), 1..20),
    ) {
        let header = [HEADER.as_bytes(), b"\n"].concat();
        counts_add_up(Format::Csv, &[header, csv_lines.join(&b'\n')].concat())?;
        counts_add_up(Format::Ndjson, &json_lines.join(&b'\n'))?;
    }
}
