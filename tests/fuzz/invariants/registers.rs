//! Registers, and the archives they come in.

use std::io::{Cursor, Read as _, Write as _};

use portcullis::domain::DocumentNumber;
use portcullis::register::{Adapter, Format, RANGE_MAX, RegisterError, Source, read};

use super::{Choices, assert_silent, json_strings};

/// Rows and refusals of a register.
#[derive(Debug, PartialEq, Eq)]
struct Sums {
    rows: u64,
    notices: u64,
    rejects: u64,
}

/// A register in CSV.
pub fn register_csv(data: &[u8]) {
    check(data, &Format::Csv.into());
}

/// A register in NDJSON.
pub fn register_ndjson(data: &[u8]) {
    check(data, &Format::Ndjson.into());
}

/// One byte that chooses a publisher, then a register as he writes it.
pub fn register_publisher(data: &[u8]) {
    let mut choices = Choices(data);
    let words: Vec<_> = Adapter::words().collect();
    let word = words[usize::from(choices.byte()) % words.len()];
    check(choices.rest(), &Adapter::shipped(word).expect("the format is shipped"));
}

/// A mapping, a byte of zero, and a register to be read by it.
pub fn mapping(data: &[u8]) {
    let mut halves = data.splitn(2, |byte| *byte == 0);
    let (toml, register) = (halves.next().unwrap_or_default(), halves.next().unwrap_or_default());
    let Ok(toml) = std::str::from_utf8(toml) else { return };
    if let Ok(adapter) = Adapter::mapped(toml) {
        check(register, &adapter);
    }
}

/// One byte of choices, then bytes that are an archive, or become one that may be cut short.
pub fn register_source(data: &[u8]) {
    let mut choices = Choices(data);
    let choice = choices.byte();
    let format = Adapter::from(if choice & 1 == 0 { Format::Csv } else { Format::Ndjson });
    let archive = match choice >> 1 & 3 {
        0 => {
            check(choices.rest(), &format);
            return;
        }
        1 => |plain: &[u8]| {
            let mut packed = Vec::new();
            let mut encoder = flate2::bufread::GzEncoder::new(plain, flate2::Compression::fast());
            encoder.read_to_end(&mut packed).map(|_| packed)
        },
        2 => |plain: &[u8]| zstd::encode_all(plain, 1),
        _ => |plain: &[u8]| {
            let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
            encoder.write_all(plain)?;
            encoder.finish()
        },
    };
    let (cut, members) = (choices.short(), 1 + usize::from(choice >> 3 & 1));
    let plain = choices.rest();
    let pack = |plain: &[u8]| archive(plain).expect("memory takes every write");
    let (first, second) = plain.split_at(if members == 1 { plain.len() } else { cut.min(plain.len()) });
    let mut packed = pack(first);
    if members == 2 {
        packed.extend(pack(second));
    }
    if choice >> 4 & 1 == 0 {
        // An archive in an archive is not opened twice.
        let mut head = Source::stdin(Cursor::new(plain.to_vec()));
        let is_plain = head.as_mut().is_ok_and(|source| source.compression().extension().is_none());
        if is_plain {
            assert_eq!(
                check(&packed, &format),
                check(plain, &format),
                "an archive says something else than its content"
            );
        }
    } else if let Some(left) = packed.len().checked_sub(1 + cut % packed.len()).filter(|left| *left > 6)
        && (members == 1 || left > pack(first).len() + 6)
    {
        assert_eq!(
            check(&packed[..left], &format),
            None,
            "an archive that is cut short is taken for a whole one"
        );
    }
}

/// `None` if the register as a whole was refused.
fn check(register: &[u8], adapter: &Adapter) -> Option<Sums> {
    let mut sums = Sums { rows: 0, notices: 0, rejects: 0 };
    let mut before = 0;
    let source = Source::stdin(Cursor::new(register.to_vec()));
    let rows = source.and_then(|source| {
        read::<RegisterError>(source, adapter, &mut |_, line, row| {
            assert!(line > before, "lines do not ascend");
            before = line;
            match row {
                Ok(row) => {
                    sums.notices += 1;
                    assert!((1..=RANGE_MAX).contains(&row.documents));
                    let notice = row.notices().last().expect("a row lists a document");
                    let number = notice.document.number;
                    assert_eq!(
                        DocumentNumber::parse(number.as_str()),
                        Ok(number),
                        "a number is not in normal form"
                    );
                    assert!(
                        notice.reference.is_none_or(|reference| (1..=64).contains(&reference.as_str().len()))
                    );
                }
                Err(reject) => {
                    sums.rejects += 1;
                    assert_eq!(reject.line, line);
                }
            }
            Ok(())
        })
    });
    match rows {
        Ok(rows) => {
            assert_eq!(rows, sums.notices + sums.rejects, "rows are lost");
            Some(Sums { rows, ..sums })
        }
        Err(error) => {
            let mut contents = vec![register.to_vec()];
            let lines = register.split(|byte| *byte == b'\n');
            contents.extend(lines.take(8).flat_map(json_strings).map(String::into_bytes));
            assert_silent(&error, &contents.iter().map(Vec::as_slice).collect::<Vec<_>>());
            None
        }
    }
}
