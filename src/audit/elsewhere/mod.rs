//! Places outside the log's own disk that keep its newest checkpoint, as `<place>/<log id>/checkpoint`, so that it shows if the log is cut
//! off or put back.

mod folder;
mod place;
mod web;

pub(super) use place::{EXPORTED, Elsewhere, places};
