//! Rows as publishers write them, drawn by chance.

use std::fmt::Write;

use super::chance::Chance;
use super::form::Form;
use crate::domain::{Notice, Reference};
use crate::register::write::Day;

/// Letters of Ukrainian series: those that Latin letters are printed like, and two that none is.
const SERIES: [char; 14] = ['А', 'В', 'Е', 'І', 'К', 'М', 'Н', 'О', 'Р', 'С', 'Т', 'Х', 'Б', 'Ю'];

const TYPES: [(&str, bool); 3] = [
    ("ПАСПОРТ ГРОМАДЯНИНА УКРАЇНИ", true),
    ("ПАСПОРТ ГРОМАДЯНИНА УКРАЇНИ У ФОРМІ КАРТКИ", false),
    ("ПАСПОРТ ГРОМАДЯНИНА УКРАЇНИ ДЛЯ ВИЇЗДУ ЗА КОРДОН", true),
];

/// Draws the fields of a row of a publisher's form; `at` is its place among all rows.
pub(super) fn draw(form: Form, chance: &mut Chance, at: u64, fields: &mut [String]) {
    fields.iter_mut().for_each(String::clear);
    let mut put = |field: usize, text: std::fmt::Arguments<'_>| {
        fields[field].write_fmt(text).expect("memory takes every write");
    };
    match form {
        Form::Csv | Form::Ndjson => unreachable!("these have a generator of notices"),
        Form::RuMvd => {
            let (region, year) = (1 + chance.below(99), chance.below(24));
            put(0, format_args!("{region:02}{year:02}"));
            put(1, format_args!("{:06}", 1 + chance.below(999_999)));
        }
        Form::UaMvs => {
            let (kind, has_series) = TYPES[chance.below(3) as usize];
            let letter = |chance: &mut Chance| SERIES[chance.below(SERIES.len() as u64) as usize];
            put(0, format_args!("{}", 3_000_000_000 + at));
            put(1, format_args!("УПРАВЛІННЯ № {}", chance.below(700)));
            if has_series {
                put(2, format_args!("{}{}", letter(chance), letter(chance)));
                put(3, format_args!("{:06}", chance.below(1_000_000)));
            } else {
                put(3, format_args!("{:09}", chance.below(1_000_000_000)));
            }
            put(4, format_args!("{kind}"));
            put(5, format_args!("{}", ["ВТРАЧЕНИЙ", "ВИКРАДЕНИЙ"][chance.below(2) as usize]));
            let (year, month, day) = date(chance);
            put(6, format_args!("{year}-{month:02}-{day:02}T00:00:00"));
            put(7, format_args!("{year}-{month:02}-{day:02}T00:00:00"));
        }
        Form::CzMvcr { series } => {
            let (year, month, day) = date(chance);
            if series {
                let letter = |chance: &mut Chance| char::from(b'A' + chance.below(26) as u8);
                put(0, format_args!("{:06}", chance.below(1_000_000)));
                put(1, format_args!("{}{}{:02}", letter(chance), letter(chance), chance.below(100)));
            } else {
                put(0, format_args!("{}", 100_000_000 + chance.below(900_000_000)));
            }
            put(1 + usize::from(series), format_args!("{day}.{month}.{year}"));
        }
    }
}

/// The fields of a notice, in the order of our own formats.
pub(super) fn of_notice(notice: &Notice, fields: &mut [String]) {
    let (reported_on, review_on) = (Day::new(notice.reported_on), Day::new(notice.review_on));
    let texts = [
        notice.document.number.as_str(),
        notice.document.issuing_state.code(),
        notice.kind.word(),
        notice.status.word(),
        reported_on.text().unwrap_or_default(),
        review_on.text().unwrap_or_default(),
        notice.reference.as_ref().map_or("", Reference::as_str),
    ];
    for (field, text) in fields.iter_mut().zip(texts) {
        field.clear();
        field.push_str(text);
    }
}

fn date(chance: &mut Chance) -> (u64, u64, u64) {
    (2005 + chance.below(20), 1 + chance.below(12), 1 + chance.below(28))
}
