//! From the fields of a row to what it lists.

use jiff::civil::Date;

use super::mapping::{DayRule, Mapping, Raw};
use super::number::{Scratch, parse};
use super::range::{self, RangeFault};
use crate::domain::{DocumentId, DocumentNumber, IssuingState, Kind, Notice, Reference, Status};
use crate::register::{Column, RejectReason};

/// Why a row was refused, and for which column.
pub(in crate::register) type Fault = (RejectReason, Option<Column>);

/// What a row lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The notice of its document, or of the first of its interval.
    pub notice: Notice,
    /// How many consecutive numbers it lists: 1, or more for an interval of stolen blanks.
    pub documents: u64,
    /// A second spelling of the number, under which it is listed too.
    pub alias: Option<DocumentNumber>,
    /// Days that could not be read and were left out.
    pub days_left_out: u8,
}

impl Row {
    /// A notice for each of its documents, in the order of their numbers.
    pub fn notices(&self) -> impl Iterator<Item = Notice> + '_ {
        (0..self.documents).map(|at| match at {
            0 => self.notice.clone(),
            at => self.with_number(range::number_after(&self.notice.document.number, at)),
        })
    }

    /// The notice of the second spelling.
    #[must_use]
    pub fn alias_notice(&self) -> Option<Notice> {
        self.alias.map(|number| Notice { alias: true, ..self.with_number(number) })
    }

    fn with_number(&self, number: DocumentNumber) -> Notice {
        let document = DocumentId { number, ..self.notice.document };
        Notice { document, ..self.notice.clone() }
    }
}

impl Mapping {
    /// Makes sense of a row of the text `name`. The first column at fault, in the order of [`Column::ALL`], is the one
    /// that is reported.
    ///
    /// A code that is kept under another issuer (`GBO` under `GBR`) is listed there, where questions look for it.
    pub(in crate::register) fn row(
        &self,
        raw: &Raw<'_>,
        name: &str,
        scratch: &mut Scratch,
    ) -> Result<Row, Fault> {
        let fault = |column| move |reason| (reason, Some(column));
        if let Some((slot, word)) = &self.listed
            && raw.text(*slot).trim() != &**word
        {
            return Err((RejectReason::NotListed, None));
        }
        let (number, alias) = self.number.numbers(raw, scratch).map_err(fault(Column::DocumentNumber))?;
        let documents = self.documents(raw, &number).map_err(fault(Column::DocumentNumberTo))?;
        let issuer = self.issuing_state.word(raw, name).unwrap_or_default();
        let issuing_state = IssuingState::recognise(issuer).map(|found| found.state).ok_or_else(|| {
            let missing = issuer.trim_matches(['<', ' ']).is_empty();
            let reason = if missing { RejectReason::IssuerMissing } else { RejectReason::IssuerUnknown };
            (reason, Some(Column::IssuingState))
        })?;
        let kind = self.kind.word(raw, name).and_then(Kind::from_word);
        let kind = kind.ok_or((RejectReason::KindUnknown, Some(Column::Kind)))?;
        let status = self.status.word(raw, name).and_then(Status::from_word);
        let status = status.ok_or((RejectReason::StatusUnknown, Some(Column::Status)))?;
        let mut days_left_out = 0;
        let mut day = |rule: &Option<DayRule>| day(rule.as_ref(), raw, &mut days_left_out);
        let reported_on = day(&self.reported_on).map_err(fault(Column::ReportedOn))?;
        let review_on = day(&self.review_on).map_err(fault(Column::ReviewOn))?;
        let reference = match self.reference.map_or("", |slot| raw.text(slot)) {
            "" => None,
            text => {
                let invalid = (RejectReason::ReferenceInvalid, Some(Column::Reference));
                Some(Reference::parse(text).map_err(|_| invalid)?)
            }
        };
        let document = DocumentId { issuing_state, number };
        let notice = Notice { document, kind, status, reported_on, review_on, reference, alias: false };
        // A second spelling of an interval's ends says nothing of what is between them.
        let alias = alias.filter(|_| documents == 1);
        Ok(Row { notice, documents, alias, days_left_out })
    }

    fn documents(&self, raw: &Raw<'_>, first: &DocumentNumber) -> Result<u64, RejectReason> {
        let last = self.last_number.map_or("", |slot| raw.text(slot)).trim_ascii();
        if last.is_empty() {
            return Ok(1);
        }
        range::width(first, &parse(last)?).map_err(|fault| match fault {
            RangeFault::Invalid => RejectReason::RangeInvalid,
            RangeFault::TooWide => RejectReason::RangeTooWide,
        })
    }
}

fn day(rule: Option<&DayRule>, raw: &Raw<'_>, left_out: &mut u8) -> Result<Option<Date>, RejectReason> {
    let Some(DayRule { slot, pattern, lenient }) = rule else { return Ok(None) };
    match pattern.day(raw.text(*slot)) {
        Err(_) if *lenient => {
            *left_out += 1;
            Ok(None)
        }
        day => day,
    }
}
