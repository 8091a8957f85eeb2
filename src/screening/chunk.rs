//! The entries of a manifest's chunk: one for its hits and one for the rest, since hits are kept for another time; and more where those
//! who ask differ, or an entry would be too long.

use std::collections::BTreeMap;
use std::mem::take;
use std::sync::Arc;

use crate::audit::{Act, Draft, DraftLine};
use crate::domain::Answer;

/// What lines have in common that stand in one entry; all else is the same for a whole chunk.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Common {
    /// The verdict, if they are kept for its sake.
    hit: Option<&'static str>,
    principal: Arc<str>,
    class: Option<&'static str>,
    purpose: Option<Arc<str>>,
    terminal: Option<Arc<str>>,
    operator: Option<Arc<str>>,
}

/// Answers that share an entry, each with its place in the chunk.
pub(super) type Shared = Vec<(usize, Answer)>;

/// Puts what each line would be recorded as into as few entries as can be.
pub(super) fn entries(
    manifest: &Arc<str>,
    answered: impl Iterator<Item = (u64, Draft, Answer)>,
) -> Vec<(Draft, Shared)> {
    let mut groups = BTreeMap::<Common, (Draft, Vec<DraftLine>, Shared)>::new();
    for (at, (line, draft, answer)) in answered.enumerate() {
        let (common, around, line) = parts(manifest, line, draft);
        let (_, lines, answers) = groups.entry(common).or_insert((around, Vec::new(), Vec::new()));
        lines.push(line);
        answers.push((at, answer));
    }
    groups.into_values().flat_map(|(entry, lines, answers)| split(&entry, lines, answers)).collect()
}

fn split(entry: &Draft, lines: Vec<DraftLine>, answers: Shared) -> Vec<(Draft, Shared)> {
    let mut answers = answers.into_iter();
    let drafts = DraftLine::into_drafts(entry, lines);
    drafts.into_iter().map(|(draft, count)| (draft, answers.by_ref().take(count).collect())).collect()
}

/// What of a line's own draft it shares with others, and what is the line's.
fn parts(manifest: &Arc<str>, line: u64, mut draft: Draft) -> (Common, Draft, DraftLine) {
    let line = DraftLine {
        line,
        client_reference: draft.client_reference.take(),
        digests: take(&mut draft.digests),
        readings: take(&mut draft.readings),
        listed: take(&mut draft.listed),
        verdict: draft.verdict.take().unwrap_or_default(),
        reasons: take(&mut draft.reasons),
        findings: take(&mut draft.findings),
        withheld: take(&mut draft.withheld),
        withheld_doubt: take(&mut draft.withheld_doubt),
        case: draft.case.take(),
    };
    let common = Common {
        // As it is told: who shares an entry must not tell what was withheld.
        hit: Some("hit").filter(|hit| line.verdict == *hit),
        principal: draft.principal.clone(),
        class: draft.class,
        purpose: draft.purpose.clone(),
        terminal: draft.terminal.clone(),
        operator: draft.operator.clone(),
    };
    let around =
        Draft { act: Act::ManifestChunk, manifest: Some(manifest.clone()), verdict: common.hit, ..draft };
    (common, around, line)
}
