//! From the texts of a row to a notice.

use jiff::civil::Date;

use super::column::{Column, Texts};
use super::reject::{Reject, RejectReason};
use crate::domain::{DocumentId, DocumentNumber, IssuingState, Kind, Notice, NumberFault, Reference, Status};

/// Why a row was refused, and for which column.
pub(super) type Fault = (RejectReason, Option<Column>);

/// Makes a notice of a row. The first column at fault, in the order of [`Column::ALL`], is the one that is reported.
///
/// A code that is kept under another issuer (`GBO` under `GBR`) is listed there, where questions look for it.
pub(super) fn notice(texts: &Texts<'_>) -> Result<Notice, Fault> {
    let text = |column: Column| texts[column as usize];
    let fault = |reason, column| (reason, Some(column));
    let number = DocumentNumber::parse(text(Column::DocumentNumber)).map_err(|found| {
        let reason = match found {
            NumberFault::Empty => RejectReason::NumberMissing,
            NumberFault::Character { .. } => RejectReason::NumberCharacter,
            NumberFault::TooLong => RejectReason::NumberTooLong,
        };
        fault(reason, Column::DocumentNumber)
    })?;
    let issuer = text(Column::IssuingState);
    let issuing_state = IssuingState::recognise(issuer).map(|found| found.state).ok_or_else(|| {
        let missing = issuer.trim_matches(['<', ' ']).is_empty();
        let reason = if missing { RejectReason::IssuerMissing } else { RejectReason::IssuerUnknown };
        fault(reason, Column::IssuingState)
    })?;
    let kind = Kind::from_word(text(Column::Kind)).ok_or(fault(RejectReason::KindUnknown, Column::Kind))?;
    let status =
        Status::from_word(text(Column::Status)).ok_or(fault(RejectReason::StatusUnknown, Column::Status))?;
    let day = |column| day(text(column)).map_err(|reason| fault(reason, column));
    let reported_on = day(Column::ReportedOn)?;
    let review_on = day(Column::ReviewOn)?;
    let reference = match text(Column::Reference) {
        "" => None,
        text => Some(
            Reference::parse(text).map_err(|_| fault(RejectReason::ReferenceInvalid, Column::Reference))?,
        ),
    };
    let document = DocumentId { issuing_state, number };
    Ok(Notice { document, kind, status, reported_on, review_on, reference })
}

impl Reject {
    pub(super) fn new(line: u64, (reason, column): Fault) -> Self {
        Self { line, reason, column }
    }
}

/// A day as `YYYY-MM-DD`; an empty text is no day.
fn day(text: &str) -> Result<Option<Date>, RejectReason> {
    if text.is_empty() {
        return Ok(None);
    }
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = *text.as_bytes() else {
        return Err(RejectReason::DateInvalid);
    };
    let digit = |byte: u8| byte.is_ascii_digit().then(|| i16::from(byte - b'0'));
    let number = |digits: &[u8]| digits.iter().try_fold(0, |sum, byte| Some(sum * 10 + digit(*byte)?));
    let small = |digits: &[u8]| number(digits).and_then(|number| i8::try_from(number).ok());
    let date = number(&[y1, y2, y3, y4])
        .zip(small(&[m1, m2]))
        .zip(small(&[d1, d2]))
        .and_then(|((year, month), day)| Date::new(year, month, day).ok())
        .ok_or(RejectReason::DateInvalid)?;
    if (1900..=2200).contains(&date.year()) { Ok(Some(date)) } else { Err(RejectReason::DateOutOfRange) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_strictly_and_within_their_range() {
        assert_eq!(day(""), Ok(None));
        assert_eq!(day("2024-02-29"), Ok(Some(jiff::civil::date(2024, 2, 29))));
        assert_eq!(day("1900-01-01"), Ok(Some(jiff::civil::date(1900, 1, 1))));
        assert_eq!(day("2200-12-31"), Ok(Some(jiff::civil::date(2200, 12, 31))));
        for text in ["1899-12-31", "2201-01-01", "0000-01-01"] {
            assert_eq!(day(text), Err(RejectReason::DateOutOfRange), "{text}");
        }
        for text in
            ["2023-02-29", "2023-2-29", "2023-13-01", "2023-00-10", "20230101", "01.02.2023", " 2023-01-01"]
        {
            assert_eq!(day(text), Err(RejectReason::DateInvalid), "{text}");
        }
    }
}
