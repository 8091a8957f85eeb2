//! Registers of anybody, as a mapping file says.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use jiff::civil::date;
use portcullis::domain::{Kind, Status};
use portcullis::register::{Adapter, Column, Format, MappingError, RANGE_MAX, RejectReason};
use proptest::prelude::*;

use crate::register_support::{Contents, HEADER, contents};

const REST: &str = "
    [issuing-state]\nconstant = 'UTO'
    [kind]\nconstant = 'passport'
    [status]\nconstant = 'lost'\n";

fn mapped(toml: &str) -> Adapter {
    Adapter::mapped(toml).unwrap()
}

fn numbers(found: &Contents) -> Vec<&str> {
    found.notices.iter().map(|notice| notice.document.number.as_str()).collect()
}

/// A row for each reason that mappings add, in the format that it takes.
pub(crate) fn faulty() -> Vec<(Adapter, &'static [u8], RejectReason, Option<Column>)> {
    use RejectReason as R;
    let number = "[document-number]\nparts = [{ column = 'N', digits = 3 }]\n";
    let latin = format!("layout = 'csv'\nencoding = 'gbk'\n{number}{REST}");
    let listed = format!("layout = 'csv'\nlisted = {{ column = 'L', is = 'yes' }}\n{number}{REST}");
    let last = Some(Column::DocumentNumberTo);
    let range = |to: &str| format!("{HEADER},document_number_to\nA1000000,UTO,passport,lost,,,,{to}\n");
    let ranges = [range("B1000009"), range("A0999999"), range("A1100000"), range("A_1")]
        .map(|text| &*text.into_bytes().leak());
    let csv = || Adapter::from(Format::Csv);
    vec![
        (mapped(&latin), b"N,X\n123,\xFF\n", R::EncodingInvalid, None),
        (mapped(&latin), b"N\n12A\n", R::NumberShape, Some(Column::DocumentNumber)),
        (mapped(&listed), b"L,N\nno,123\n", R::NotListed, None),
        (csv(), ranges[0], R::RangeInvalid, last),
        (csv(), ranges[1], R::RangeInvalid, last),
        (csv(), ranges[2], R::RangeTooWide, last),
        (csv(), ranges[3], R::NumberCharacter, last),
    ]
}

#[test]
fn each_faulty_row_is_one_reject_with_its_reason_and_column() {
    for (adapter, bytes, reason, column) in faulty() {
        let found = contents(adapter, bytes).unwrap();
        assert_eq!((found.rows, found.notices.len()), (1, 0), "{reason}");
        assert_eq!((found.rejects[0].reason, found.rejects[0].column), (reason, column));
    }
}

#[test]
fn a_list_by_places_with_words_and_days_of_its_own() {
    let toml = "
        layout = 'csv'
        separator = ';'
        quote = \"'\"
        header = false
        skip-lines = 2
        [document-number]
        parts = [{ column = 2, optional = true }, { column = 1, pad = 7 }]
        [issuing-state]
        column = 3
        values = { 'Utopie' = 'UTO', 'Pays de Galles' = 'GBR' }
        [kind]
        column = 4
        values = { 'PP' = 'passport', 'CI' = 'identity_card' }
        otherwise = 'other'
        [status]
        column = 5
        values = { 'VOL' = 'stolen', 'PERTE' = 'lost' }
        [reported-on]
        column = 6
        format = 'dd/mm/yyyy'
        [review-on]
        column = 7
        format = 'yyyymmdd'
        unreadable = 'leave-out'
        [reference]
        column = 8";
    let rows =
        "liste du 1er\nmars\n123;AB;utopie;PP;vol;31/12/2020;20301231;R1\n'123';;UTOPIE;XX;PERTE;;x;'a;b'\n";
    let found = contents(mapped(toml), rows).unwrap();
    assert_eq!(found.rejects, []);
    assert_eq!(numbers(&found), ["AB0000123", "0000123"]);
    let [first, second] = &found.notices[..] else { panic!("two rows") };
    assert_eq!((first.kind, first.status), (Kind::Passport, Status::Stolen));
    assert_eq!((first.reported_on, first.review_on), (Some(date(2020, 12, 31)), Some(date(2030, 12, 31))));
    assert_eq!((second.kind, second.status, second.review_on), (Kind::Other, Status::Lost, None));
    assert_eq!(second.reference.as_ref().unwrap().as_str(), "a;b");
    let refused =
        contents(mapped(toml), "\n\n1;;Nowhere;PP;VOL;;;\n1;;Utopie;PP;?;;;\n1;;Utopie;PP;VOL;1/1/20;;\n");
    let reasons: Vec<_> =
        refused.unwrap().rejects.iter().map(|reject| (reject.line, reject.reason)).collect();
    use RejectReason as R;
    assert_eq!(reasons, [(3, R::IssuerMissing), (4, R::StatusUnknown), (5, R::DateInvalid)]);
}

#[test]
fn encodings_are_undone_and_a_byte_order_mark_says_its_own() {
    let toml = format!(
        "layout = 'csv'\nencoding = 'windows-1251'\n[document-number]\nparts = [{{ column = 'НОМЕР' }}]\ntransliterate = 'ukrainian'\n{REST}"
    );
    let text = "НОМЕР\nАВ123\n";
    let (legacy, _, _) = encoding_rs::WINDOWS_1251.encode(text);
    let utf16le =
        [&b"\xFF\xFE"[..], &text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>()].concat();
    let utf16be =
        [&b"\xFE\xFF"[..], &text.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<_>>()].concat();
    let utf8 = [&b"\xEF\xBB\xBF"[..], text.as_bytes()].concat();
    for bytes in [legacy.to_vec(), utf16le, utf16be, utf8] {
        let found = contents(mapped(&toml), bytes).unwrap();
        assert_eq!((numbers(&found), found.rejects.len()), (vec!["AV123"], 0));
    }
    let own: Vec<u8> =
        format!("{HEADER}\nA1,UTO,passport,lost,,,\n").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let found = contents(Format::Csv, [&b"\xFF\xFE"[..], &own].concat()).unwrap();
    assert_eq!(numbers(&found), ["A1"]);
}

#[test]
fn intervals_of_blanks_list_every_number_of_theirs() {
    let rows = format!(
        "{HEADER},document_number_to\nA0098,UTO,passport,stolen_blank,,,,A0102\nB1,UTO,passport,lost,,,,\nC7,UTO,passport,lost,,,,C7\n"
    );
    let found = contents(Format::Csv, rows).unwrap();
    assert_eq!(numbers(&found), ["A0098", "A0099", "A0100", "A0101", "A0102", "B1", "C7"]);
    assert_eq!(found.rows, 3);
    let object = format!(
        "{{\"document_number\":\"A000001\",\"document_number_to\":\"A{RANGE_MAX:06}\",\"issuing_state\":\"UTO\",\"kind\":\"visa\",\"status\":\"stolen_blank\"}}"
    );
    assert_eq!(contents(Format::Ndjson, object).unwrap().notices.len() as u64, RANGE_MAX);
}

#[test]
fn json_lists_are_mapped_by_the_names_of_their_members() {
    let of = |layout: &str| {
        mapped(&format!("layout = '{layout}'\n[document-number]\nparts = [{{ column = 'no' }}]\n{REST}"))
    };
    let objects = [r#"{"no":"A1","more":{"deep":[1]}}"#, r#"{"more":1}"#, r#"{"no":"A2"}"#];
    for (layout, text) in [("ndjson", objects.join("\n")), ("json-array", format!("[{}]", objects.join(",")))]
    {
        let found = contents(of(layout), text).unwrap();
        assert_eq!(numbers(&found), ["A1", "A2"], "{layout}");
        assert_eq!((found.rejects[0].line, found.rejects[0].reason), (2, RejectReason::NumberMissing));
    }
}

#[test]
fn a_header_without_a_mapped_column_is_refused_and_others_do_not_matter() {
    let adapter =
        || mapped(&format!("layout = 'csv'\n[document-number]\nparts = [{{ column = 'N' }}]\n{REST}"));
    assert_eq!(numbers(&contents(adapter(), "X,N,Y\n1,A1,2\n").unwrap()), ["A1"]);
    let missing = contents(adapter(), "X,Y\n1,2\n").unwrap_err().to_string();
    assert!(missing.contains("column N is missing"), "{missing}");
}

#[test]
fn a_mapping_that_makes_no_sense_says_where() {
    let number = "[document-number]\nparts = [{ column = 'N' }]\n";
    for (toml, says) in [
        ("layout = 'csv'", "missing field `document-number`"),
        ("layout = 'table'", "unknown variant `table`"),
        (
            &format!("layout = 'csv'\nseparator = ';;'\n{number}{REST}"),
            "separator: it is one ASCII character",
        ),
        (&format!("layout = 'csv'\nquote = ','\n{number}{REST}"), "quote: it is the separator too"),
        (&format!("layout = 'csv'\nencoding = 'klingon'\n{number}{REST}"), "no encoding"),
        (&format!("layout = 'csv'\nheader = false\n{number}{REST}"), "known by place"),
        (&format!("layout = 'ndjson'\nheader = true\n{number}{REST}"), "are CSV's"),
        (&format!("layout = 'csv'\nfields = 2\n{number}{REST}"), "fields: a row has as many"),
        (&format!("layout = 'csv'\n[document-number]\nparts = []\n{REST}"), "at least one part"),
        (
            &format!("layout = 'csv'\n[document-number]\nparts = [{{ column = 'N', digits = 0 }}]\n{REST}"),
            "1 to 22",
        ),
        (&format!("layout = 'csv'\n[document-number]\nparts = [{{ column = 0 }}]\n{REST}"), "count from 1"),
        (
            &format!("layout = 'csv'\n{number}{}", REST.replace("lost", "eaten")),
            "status: \"eaten\" is not known",
        ),
        (
            &format!("layout = 'csv'\n{number}{}", REST.replace("UTO", "QQQ")),
            "issuing-state: \"QQQ\" is not known",
        ),
        (&format!("layout = 'csv'\n{number}{}", REST.replace("constant = 'UTO'", "")), "give constant alone"),
        (
            &format!("layout = 'csv'\n{number}{REST}[reported-on]\ncolumn = 'D'\nformat = 'dd.mm.yy'"),
            "reported-on: write a format",
        ),
        (&format!("layout = 'csv'\n{number}{REST}[colour]\ncolumn = 'C'"), "unknown field `colour`"),
    ] {
        let fault = Adapter::mapped(toml).unwrap_err();
        assert!(fault.to_string().contains(says), "{toml}\n{fault}");
        assert!(matches!(fault, MappingError::Toml(_) | MappingError::Nonsense { .. }));
    }
    let columns: String = (0..17).map(|at| format!("{{ column = 'N{at}' }},")).collect();
    let toml = format!("layout = 'csv'\n[document-number]\nparts = [{columns}]\n{REST}");
    assert!(Adapter::mapped(&toml).unwrap_err().to_string().contains("at most 16"));
}

#[test]
fn every_shipped_mapping_is_read_and_is_an_example_for_mapped() {
    assert_eq!(Adapter::words().collect::<Vec<_>>(), ["ru-mvd", "ua-mvs", "cz-mvcr"]);
    for word in Adapter::words() {
        assert!(Adapter::shipped(word).is_some());
    }
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("config/registers");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let toml = std::fs::read_to_string(&path).unwrap();
        assert!(Adapter::mapped(&toml).is_ok(), "{}", path.display());
    }
}

#[test]
fn the_example_explains_itself() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("config/registers");
    let toml = std::fs::read_to_string(folder.join("own.toml")).unwrap();
    let example = toml.lines().skip_while(|line| *line != "#").skip(1);
    let rows = example
        .map_while(|line| line.strip_prefix("#   "))
        .map(|line| format!("{line}\n"))
        .collect::<String>();
    let found = contents(mapped(&toml), rows).unwrap();
    assert_eq!((found.rows, found.rejects.len(), found.notices.len()), (2, 0, 1001));
    assert_eq!(numbers(&found)[..2], ["AB0000123", "BX0007000"]);
    assert_eq!(found.notices[0].review_on, Some(date(2034, 3, 1)));
    assert_eq!(found.notices[1].status, Status::StolenBlank);

    let all: String = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap())
        .collect();
    for key in [
        "layout",
        "encoding",
        "separator",
        "quote",
        "skip-lines",
        "header",
        "fields",
        "listed",
        "document-number",
        "document-number-to",
        "parts",
        "digits",
        "pad",
        "optional",
        "transliterate",
        "alias",
        "constant",
        "column",
        "file-name",
        "values",
        "otherwise",
        "format",
        "unreadable",
        "review-on",
        "reference",
    ] {
        assert!(all.contains(key), "no example has {key}");
    }
}

proptest! {
    #[test]
    fn any_text_is_a_mapping_or_a_fault(text in "\\PC{0,60}") {
        let _ = Adapter::mapped(&text);
        let _ = Adapter::mapped(&format!("layout = 'csv'\n{text}\n{REST}"));
    }

    #[test]
    fn any_bytes_are_refused_or_accounted_for(bytes in prop::collection::vec(any::<u8>(), 0..300), text in "[\\[\\]{}\",:;<>/a-z0-9\n ]{0,200}") {
        for word in Adapter::words() {
            for bytes in [&bytes[..], text.as_bytes()] {
                if let Ok(found) = contents(Adapter::shipped(word).unwrap(), bytes) {
                    prop_assert_eq!(found.rows, (found.read.len() + found.rejects.len()) as u64);
                }
            }
        }
    }
}
