//! Gate 1: what a site accepts as a feed's publication.
//!
//! Nothing enters the index that is not `Verified`, and only this machine says so: of the operator's own imports
//! after their files' digests were checked. Signed feeds will come through the same door.

mod local;

pub use local::{LocalError, verify_local};
