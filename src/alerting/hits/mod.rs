//! Hits are told to whoever acts on them. A hit *is* its audit entry: whoever is told reads the logs of the site, and where he stands is a
//! [`Position`](crate::audit::Position) in them, so that nothing is lost that was recorded, and nothing is told that was not.
//!
//! [`Hub`] feeds streams, [`Courier`] delivers to a webhook, and a [`HitReader`] alone is enough for a command.

mod backoff;
mod courier;
mod cursor;
mod event;
mod hub;
mod reader;
mod signature;
mod sinks;
mod target;

pub use courier::Courier;
pub use cursor::{CURSOR_ENDING, CURSORS, Cursor, CursorError};
pub use event::{HitEvent, hit_events};
pub use hub::{Hub, Subscribed};
pub use reader::{Batch, HitReader, HitSite, Told};
pub use signature::Secret;
pub use sinks::{KnownSinks, Outcome, Sink, Sinks, Trouble};
pub use target::{Message, Reply, Target, TargetFault, WebTarget};
