//! From a question to an audited verdict.
//!
//! [`Site`] holds the generation in force. [`Screening`] reads a [`Question`], asks the lists, judges coverage at that
//! moment, decides (pure), and hands the answer to the audit log, which alone can give it out.

mod acts;
mod answering;
mod case;
mod case_content;
mod chunk;
mod cleared;
mod coverage;
mod decide;
mod evidence;
mod looks;
mod overlay;
mod pace;
mod policy;
mod question;
mod reading;
mod replay;
mod request;
mod screen;
mod site;
#[cfg(test)]
mod tests;
mod typed;

pub use acts::{ActError, record, record_all, trusted_now};
pub use case_content::{CaseContent, CaseFinding, CaseGrade, Said};
pub use cleared::{ClearedTable, LastWord};
pub use decide::decide;
pub use overlay::{AlertsInForce, Overlay};
pub use policy::{FeedPolicy, IssuerNotReported, KindDiffers, Policy};
pub use question::{Asker, Input, Presented, Question};
pub use replay::{Difference, Replay, Replayed};
pub use request::{CheckRequest, DocumentRequest, FieldFault, RequestFault};
pub use screen::{Opening, Screening, ScreeningError};
pub use site::{InForce, Site, SiteError};
