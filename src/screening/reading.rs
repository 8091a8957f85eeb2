//! From what was presented to the documents that are asked about.

use crate::domain::mrz::{self, Zone};
use crate::domain::{
    Advisory, AdvisoryCode, DocumentId, DocumentNumber, IssuingState, Kind, Lookalikes, NumberAssurance,
    ReadingDiffers, Reason, ReasonCode, Recognised, Understood, code_lookalikes, mend_code,
};

use super::question::{Input, Presented, Question};

/// What was understood, and what follows from it for the lookup.
#[derive(Debug, Default)]
pub(super) struct Reading {
    pub(super) understood: Understood,
    pub(super) exact: Vec<Exact>,
    pub(super) others: Vec<Other>,
    pub(super) number_rule: Option<NumberRule>,
    pub(super) doubts: Vec<Reason>,
    pub(super) advisories: Vec<Advisory>,
}

/// A document whose listing is a finding.
#[derive(Debug)]
pub(super) struct Exact {
    pub(super) id: DocumentId,
    /// What was presented is listed as this only if the kind is the same; `None`: any kind.
    pub(super) kind: Option<Kind>,
    /// Asked under the code of an issuer that is merged into this one.
    pub(super) alias: bool,
    /// Not the document presented but one whose number it may carry: a visa's may be that of the holder's passport.
    pub(super) carried: bool,
}

/// Another reading, whose listing is a candidate.
#[derive(Debug)]
pub(super) struct Other {
    pub(super) id: DocumentId,
    pub(super) differs: ReadingDiffers,
    /// A listing makes the answer inconclusive for this reason.
    pub(super) doubt: Option<ReasonCode>,
}

/// Which look-alikes of the number are worth saying.
#[derive(Debug)]
pub(super) struct NumberRule {
    id: DocumentId,
    /// The number field as printed and the digit that a reading has to satisfy.
    check: Option<([u8; 9], u8)>,
}

impl NumberRule {
    /// The readings of the number that satisfy its check digit, if it has one.
    pub(super) fn readings(&self) -> impl Iterator<Item = DocumentId> {
        Lookalikes::of(self.id.number)
            .filter(|number| self.check.is_none_or(|(field, digit)| satisfies(number, field, digit)))
            .map(|number| DocumentId { number, ..self.id })
    }

    pub(super) fn is_complete(&self) -> bool {
        Lookalikes::of(self.id.number).is_complete()
    }
}

/// Puts a reading's characters back between the fillers of the printed field and computes the digit again.
fn satisfies(number: &DocumentNumber, field: [u8; 9], digit: u8) -> bool {
    let mut characters = number.as_bytes().iter();
    let read = field.map(|was| if was == b'<' { was } else { characters.next().copied().unwrap_or(was) });
    mrz::check_digit(read) == digit
}

impl Reading {
    pub(super) fn of(question: &Question) -> Self {
        match &question.presented {
            Presented::Mrz(text) => match mrz::read(text) {
                Ok(zone) => Self::of_zone(&zone, question.input.unwrap_or(Input::Optical)),
                Err(_) => Self::unreadable(ReasonCode::MrzUnreadable),
            },
            Presented::Document { number, issuing_state, kind } => {
                let input = question.input.unwrap_or(Input::Typed);
                Self::of_document(number, issuing_state, *kind, input)
            }
        }
    }

    fn unreadable(code: ReasonCode) -> Self {
        Self { doubts: vec![Reason::new(code)], ..Self::default() }
    }

    fn of_document(number: &str, code: &str, kind: Option<Kind>, input: Input) -> Self {
        let mut reading = Self::default();
        reading.understood.kind = kind;
        let assurance = match input {
            Input::Chip => NumberAssurance::Chip,
            Input::Typed => NumberAssurance::Typed,
            Input::Optical | Input::Barcode => NumberAssurance::Unchecked,
        };
        let number = DocumentNumber::parse(number).ok();
        reading.ask(number, code, "", kind, assurance, None);
        reading
    }

    fn of_zone(zone: &Zone, input: Input) -> Self {
        let mut reading = Self::default();
        reading.understood.kind = Some(zone.kind);
        reading.understood.mrz = Some(zone.summary());
        if !zone.code_known {
            reading.advisories.push(Advisory::new(AdvisoryCode::DocumentCodeOdd));
        }
        for digit in zone.check_digits.iter().skip(1).filter(|digit| !digit.ok) {
            reading
                .advisories
                .push(Advisory { code: AdvisoryCode::CheckDigitWrong, field: Some(digit.field) });
        }
        let digit = zone.number_check_digit();
        let assurance = match input {
            _ if !digit.ok => NumberAssurance::CheckDigitWrong,
            Input::Chip => NumberAssurance::Chip,
            Input::Optical | Input::Barcode | Input::Typed => NumberAssurance::CheckDigit,
        };
        if !digit.ok {
            reading.doubts.push(Reason::new(ReasonCode::NumberCheckDigitWrong));
        }
        let number = DocumentNumber::parse(&text(&zone.number)).ok();
        let check = Some((zone.number, digit.printed));
        let (code, nationality) = (text(&zone.issuing_state), text(&zone.nationality));
        reading.ask(number, &code, &nationality, Some(zone.kind), assurance, check);
        reading
    }

    fn ask(
        &mut self,
        number: Option<DocumentNumber>,
        code: &str,
        nationality: &str,
        kind: Option<Kind>,
        assurance: NumberAssurance,
        check: Option<([u8; 9], u8)>,
    ) {
        let code = code.trim_matches(['<', ' ']).to_ascii_uppercase();
        let issuer = self.issuer(&code);
        self.understood.issuing_state = issuer.map(|found| found.state);
        let Some(number) = number else {
            self.doubts.push(Reason::new(ReasonCode::NumberUnreadable));
            return;
        };
        self.understood.number = Some(number);
        self.understood.number_assurance = Some(assurance);
        let nationality = state(&mend_code(nationality).unwrap_or_else(|| nationality.to_owned()));
        if let Some(Recognised { state, merged }) = issuer {
            let id = DocumentId { issuing_state: state, number };
            self.exact.push(Exact { id, kind, alias: merged, carried: false });
            if assurance != NumberAssurance::Chip {
                self.number_rule = Some(NumberRule { id, check });
            }
        }
        self.ask_other_states(number, &code, issuer.map(|found| found.state), nationality, kind);
    }

    fn issuer(&mut self, code: &str) -> Option<Recognised> {
        let mended = mend_code(code);
        if mended.is_some() {
            self.advisories.push(Advisory::new(AdvisoryCode::IssuerCodeMended));
        }
        let issuer = IssuingState::recognise(mended.as_deref().unwrap_or(code));
        match issuer {
            None => self.doubts.push(Reason::new(ReasonCode::IssuerUnknown)),
            Some(found) if found.merged => self.advisories.push(Advisory::new(AdvisoryCode::IssuerMerged)),
            Some(_) => {}
        }
        issuer
    }

    /// No check digit covers the issuing state's code: what it may have been is asked too.
    fn ask_other_states(
        &mut self,
        number: DocumentNumber,
        code: &str,
        issuer: Option<IssuingState>,
        nationality: Option<IssuingState>,
        kind: Option<Kind>,
    ) {
        if let Some(state) = nationality.filter(|state| Some(*state) != issuer) {
            let id = DocumentId { issuing_state: state, number };
            if kind == Some(Kind::Visa) {
                self.exact.push(Exact { id, kind: Some(Kind::Passport), alias: false, carried: true });
            }
            let doubt = Some(ReasonCode::NationalityListed);
            self.others.push(Other { id, differs: ReadingDiffers::Nationality, doubt });
        }
        let mended = mend_code(code).unwrap_or_else(|| code.to_owned());
        for reading in code_lookalikes(&mended) {
            let Some(other) = state(&reading).filter(|other| Some(*other) != issuer) else { continue };
            let id = DocumentId { issuing_state: other, number };
            if self.others.iter().all(|asked| asked.id != id) {
                let doubt = issuer.is_none().then_some(ReasonCode::IssuerReadingListed);
                self.others.push(Other { id, differs: ReadingDiffers::IssuingState, doubt });
            }
        }
    }
}

fn state(code: &str) -> Option<IssuingState> {
    IssuingState::recognise(code).map(|found| found.state)
}

fn text(field: &[u8]) -> String {
    field.iter().copied().map(char::from).collect()
}
