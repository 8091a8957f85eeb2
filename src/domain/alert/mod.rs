//! Alerts: what we say ourselves of a document, or of an interval of numbers, for a time.

mod category;
mod change;
mod grade;
mod handling;
mod id;
mod life;
mod statement;
mod subject;
mod texts;

pub(super) use category::words;
pub use category::{Action, Category};
pub use change::ChangeKind;
pub use grade::{Confidence, Grade, GradeFault, GradeScheme};
pub use handling::{CallerClass, Handling};
pub use id::{AlertId, NodeId};
pub use life::{Life, LifeFault, Origin, Revision, Standing};
pub use statement::{Alert, AlertFault, Statement};
pub use subject::{Interval, IntervalFault, Subject};
pub use texts::{Instruction, LanguageTag, Line, TextFault};
