//! From what was presented to the documents that are asked about.

use crate::domain::mrz::{self, CheckDigit, Format, Note, NumberField, Zone};
use crate::domain::{
    Advisory, AdvisoryCode, Deviations, DocumentId, DocumentNumber, IssuingState, Kind, Lookalikes,
    NumberAssurance, ReadingDiffers, Reason, ReasonCode, Recognised, Understood, code_lookalikes, mend_code,
};

use super::question::{Input, Presented, Question};
use super::typed::TypedNumber;

/// What was understood, and what follows from it for the lookup.
#[derive(Debug, Default)]
pub(super) struct Reading {
    pub(super) understood: Understood,
    pub(super) exact: Vec<Exact>,
    pub(super) others: Vec<Other>,
    pub(super) number_rule: Option<NumberRule>,
    pub(super) cut: Vec<Cut>,
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

/// A number that is not as long as the one it stands for, in the zone or in the list. Its kind has to be the same: a
/// state's passports and cards are numbered apart.
#[derive(Debug)]
pub(super) struct Cut {
    pub(super) id: DocumentId,
    pub(super) kind: Option<Kind>,
    pub(super) by: CutBy,
}

/// Who may have cut a number after its ninth character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CutBy {
    /// The zone: the list may have all of it.
    Zone,
    /// The list: `Cut::id` has the first nine characters of the number asked about.
    List,
}

/// Cells of a number field in zones that have no other place for a number.
const FIELD_LEN: usize = 9;

/// Which look-alikes of the number are worth saying.
#[derive(Debug)]
pub(super) struct NumberRule {
    id: DocumentId,
    /// The number as printed and the digit that a reading has to satisfy.
    check: Option<(NumberField, u8)>,
}

impl NumberRule {
    /// The document, if every reading of its number is worth saying.
    pub(super) fn unchecked(&self) -> Option<&DocumentId> {
        self.check.is_none().then_some(&self.id)
    }

    /// The readings of the number that satisfy its check digit, if it has one.
    pub(super) fn readings(&self) -> impl Iterator<Item = DocumentId> {
        Lookalikes::of(self.id.number)
            .filter(|number| self.check.is_none_or(|(field, digit)| field.satisfied_by(number, digit)))
            .map(|number| DocumentId { number, ..self.id })
    }

    pub(super) fn is_complete(&self) -> bool {
        Lookalikes::of(self.id.number).is_complete()
    }
}

impl Reading {
    pub(super) fn of(question: &Question, deviations: &Deviations) -> Self {
        match &question.presented {
            Presented::Mrz(text) => match mrz::read(text) {
                Ok(zone) => {
                    let mut reading =
                        Self::of_zone(&zone, question.input.unwrap_or(Input::Optical), deviations);
                    let damaged = !zone.check_digits.iter().all(|digit| digit.ok)
                        || reading.understood.issuing_state.is_none();
                    if damaged {
                        reading.understood.mendings = mrz::mendings(text).unwrap_or_default();
                    }
                    reading
                }
                Err(fault) => Self::unreadable(fault),
            },
            Presented::Document { number, issuing_state, kind } => {
                let input = question.input.unwrap_or(Input::Typed);
                Self::of_document(number, issuing_state, *kind, input)
            }
        }
    }

    fn unreadable(fault: mrz::MrzFault) -> Self {
        let understood = Understood { mrz_fault: Some(fault), ..Understood::default() };
        Self { understood, doubts: vec![Reason::new(ReasonCode::MrzUnreadable)], ..Self::default() }
    }

    fn of_document(number: &str, code: &str, kind: Option<Kind>, input: Input) -> Self {
        let mut reading = Self::default();
        reading.understood.kind = kind;
        let assurance = match input {
            Input::Chip => NumberAssurance::Chip,
            Input::Typed => NumberAssurance::Typed,
            Input::Optical | Input::Barcode => NumberAssurance::Unchecked,
        };
        let typed = TypedNumber::of(number, code);
        if typed.homoglyphs {
            reading.advisories.push(Advisory::new(AdvisoryCode::HomoglyphsRead));
        }
        let issuer = reading.ask(typed.number, &Code::typed(code), None, kind, assurance, None);
        if let (Some(issuing_state), Some(number)) = (issuer, typed.cut) {
            let id = DocumentId { issuing_state, number };
            if reading.cut.iter().all(|cut| cut.id != id) {
                reading.cut.push(Cut { id, kind, by: CutBy::List });
            }
        }
        for number in issuer.into_iter().flat_map(|state| {
            typed.alternatives.iter().map(move |number| DocumentId { issuing_state: state, number: *number })
        }) {
            let doubt = Some(ReasonCode::NumberReadingListed);
            reading.others.push(Other { id: number, differs: ReadingDiffers::NumberPrefix, doubt });
        }
        reading
    }

    fn of_zone(zone: &Zone, input: Input, deviations: &Deviations) -> Self {
        let mut reading = Self::default();
        reading.understood.kind = Some(zone.kind);
        reading.understood.mrz = Some(zone.summary());
        if !zone.code_known {
            reading.advisories.push(Advisory::new(AdvisoryCode::DocumentCodeOdd));
        }
        if zone.notes.has(Note::Homoglyphs) || zone.notes.has(Note::FullWidth) {
            reading.advisories.push(Advisory::new(AdvisoryCode::HomoglyphsRead));
        }
        let code = Code::of_zone(&zone.issuing_state);
        let excused = |digit: &CheckDigit| deviations.excuse(zone, code.state(), digit);
        for digit in zone.check_digits.iter().filter(|digit| !digit.ok) {
            let code = match digit.field {
                _ if excused(digit) => AdvisoryCode::KnownDeviation,
                mrz::Field::Number => continue,
                _ => AdvisoryCode::CheckDigitWrong,
            };
            reading.advisories.push(Advisory { code, field: Some(digit.field) });
        }
        let digit = zone.number_check_digit();
        // No deviation excuses the only digit that vouches for a part of the number.
        let personal_wrong = |digit: &CheckDigit| digit.field == mrz::Field::PersonalNumber && !digit.ok;
        let composite_wrong =
            |digit: &CheckDigit| digit.field == mrz::Field::Composite && !digit.ok && !excused(digit);
        // Where the layout itself, or where the number ends, was told by cells that only the composite covers.
        let rests_on_composite = zone.format == Format::Td2 || zone.number.continues();
        let part_unsure = (zone.number.rests_on_personal_number()
            && zone.check_digits.iter().any(personal_wrong))
            || (rests_on_composite && zone.check_digits.iter().any(composite_wrong));
        let assurance = match digit {
            None => NumberAssurance::Unchecked,
            Some(_) if part_unsure => NumberAssurance::CheckDigitWrong,
            Some(digit) if excused(&digit) => NumberAssurance::KnownDeviation,
            Some(digit) if !digit.ok => NumberAssurance::CheckDigitWrong,
            Some(_) if input == Input::Chip => NumberAssurance::Chip,
            Some(_) => NumberAssurance::CheckDigit,
        };
        if assurance == NumberAssurance::CheckDigitWrong {
            reading.doubts.push(Reason::new(ReasonCode::NumberCheckDigitWrong));
        }
        let number = zone.number.document_number();
        let check = digit
            .filter(|_| assurance != NumberAssurance::KnownDeviation)
            .map(|digit| (zone.number, digit.printed));
        let nationality = Code::of_zone(&zone.nationality);
        if zone.kind == Kind::Visa && !nationality.names_somebody() {
            reading.doubts.push(Reason::new(ReasonCode::NationalityUnknown));
        }
        let issuer = reading.ask(number, &code, nationality.state(), Some(zone.kind), assurance, check);
        reading.ask_misread(zone, issuer);
        if zone.goes_on {
            reading.cut_by_zone(issuer, number, zone.kind);
        }
        if zone.format.cuts_long_numbers() && zone.number.fills_its_field() {
            reading.cut_by_zone(issuer, number, zone.kind);
            if zone.kind == Kind::Visa {
                reading.cut_by_zone(nationality.state(), number, Kind::Passport);
            }
        }
        reading
    }

    /// Numbers that no check digit tells from the one that was read.
    fn ask_misread(&mut self, zone: &Zone, issuer: Option<IssuingState>) {
        let Some(issuing_state) = issuer else { return };
        for number in zone.number.filler_readings() {
            let id = DocumentId { issuing_state, number };
            self.others.push(Other { id, differs: ReadingDiffers::Number, doubt: None });
        }
        let interleaved = zone.interleaved.and_then(|number| number.document_number());
        if let Some(number) = interleaved.filter(|_| issuing_state.code() == "RUS") {
            let doubt = Some(ReasonCode::NumberTruncatedListed);
            let id = DocumentId { issuing_state, number };
            self.others.push(Other { id, differs: ReadingDiffers::NumberLength, doubt });
        }
    }

    fn cut_by_zone(&mut self, issuer: Option<IssuingState>, number: Option<DocumentNumber>, kind: Kind) {
        if let (Some(issuing_state), Some(number)) = (issuer, number) {
            let id = DocumentId { issuing_state, number };
            self.cut.push(Cut { id, kind: Some(kind), by: CutBy::Zone });
        }
    }

    /// What is asked about a number and a code; gives the issuer, if both are known.
    fn ask(
        &mut self,
        number: Option<DocumentNumber>,
        code: &Code,
        nationality: Option<IssuingState>,
        kind: Option<Kind>,
        assurance: NumberAssurance,
        check: Option<(NumberField, u8)>,
    ) -> Option<IssuingState> {
        let issuer = self.issuer(code);
        self.understood.issuing_state = issuer.map(|found| found.state);
        let Some(number) = number else {
            self.doubts.push(Reason::new(ReasonCode::NumberUnreadable));
            return None;
        };
        self.understood.number = Some(number);
        self.understood.number_assurance = Some(assurance);
        if let Some(Recognised { state, merged }) = issuer {
            let id = DocumentId { issuing_state: state, number };
            self.exact.push(Exact { id, kind, alias: merged, carried: false });
            if assurance != NumberAssurance::Chip {
                self.number_rule = Some(NumberRule { id, check });
            }
            if let Some(first) = number.first(FIELD_LEN) {
                self.cut.push(Cut { id: DocumentId { number: first, ..id }, kind, by: CutBy::List });
            }
        }
        self.ask_other_states(number, code, issuer.map(|found| found.state), nationality, kind);
        issuer.map(|found| found.state)
    }

    fn issuer(&mut self, code: &Code) -> Option<Recognised> {
        if code.mended {
            self.advisories.push(Advisory::new(AdvisoryCode::IssuerCodeMended));
        }
        let issuer = code.recognise();
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
        code: &Code,
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
        for other in code.other_states().into_iter().filter(|other| Some(*other) != issuer) {
            let id = DocumentId { issuing_state: other, number };
            if self.others.iter().all(|asked| asked.id != id) {
                let misread = issuer.is_none() || code.mended;
                let doubt = misread.then_some(ReasonCode::IssuerReadingListed);
                self.others.push(Other { id, differs: ReadingDiffers::IssuingState, doubt });
            }
        }
    }
}

/// The code of a state as it was given, upper case, without fillers, its digits read as letters.
struct Code {
    text: String,
    mended: bool,
    /// The field of the zone, if it came from one.
    field: Option<[u8; 3]>,
}

impl Code {
    fn typed(code: &str) -> Self {
        let given = code.trim_matches(['<', ' ']).to_ascii_uppercase();
        let mended = mend_code(&given);
        Self { mended: mended.is_some(), text: mended.unwrap_or(given), field: None }
    }

    fn of_zone(field: &[u8; 3]) -> Self {
        Self { field: Some(*field), ..Self::typed(&text(field)) }
    }

    /// In a zone only Germany's code is shorter than three letters (Doc 9303 part 3 section 5): two letters and a filler
    /// are three of which one was misread, and not the code of ISO that has two.
    fn recognise(&self) -> Option<Recognised> {
        if self.lacks_letters() { None } else { IssuingState::recognise(&self.text) }
    }

    fn state(&self) -> Option<IssuingState> {
        self.recognise().map(|found| found.state)
    }

    /// The code of a state, or one that says that the holder has none.
    fn names_somebody(&self) -> bool {
        self.state().is_some() || IssuingState::is_nationality_only(&self.text)
    }

    fn lacks_letters(&self) -> bool {
        self.field.is_some_and(|field| field.contains(&b'<') && field != *b"D<<")
    }

    /// What else the code may have been: one letter taken for another, or a letter taken for a filler.
    fn other_states(&self) -> Vec<IssuingState> {
        match self.field {
            Some([b'<', b'<', b'<']) => Vec::new(),
            Some(field) if self.lacks_letters() => {
                let fits = |(read, letter): (&u8, u8)| *read == b'<' || *read == letter;
                let code_fits = |state: &IssuingState| {
                    state.code().len() == field.len() && field.iter().zip(state.code().bytes()).all(fits)
                };
                IssuingState::all().filter(code_fits).collect()
            }
            _ => code_lookalikes(&self.text)
                .filter_map(|code| Some(IssuingState::recognise(&code)?.state))
                .collect(),
        }
    }
}

fn text(field: &[u8]) -> String {
    field.iter().copied().map(char::from).collect()
}
