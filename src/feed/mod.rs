//! Feeds: what a publisher signs, how a site fetches it, and gate 1: what may be put in force.
//!
//! A feed is a repository of The Update Framework (TUF, specification 1.0): four roles of metadata that vouch for one
//! another, and segments as its targets. [`Repository`] is the publisher's side; [`refresh`] finds the newest publication
//! that a [mirror] has and that may be accepted after what was; a [`Publication`] is what is signed. Nothing enters the index
//! that is not `Verified`, and only [`verify`] says so: of signed feeds from the metadata that was accepted, of the
//! operator's own imports from their files' digests alone.

mod authorities;
mod digest;
mod error;
mod keys;
mod metadata;
pub mod mirror;
mod publication;
mod refresh;
mod refresh_error;
mod repository;
mod roles;
mod signing;
pub mod store;
mod terms;
mod transport;
mod verify;

pub use authorities::{add_signatures, first_root, next_root, roles_of};
pub use digest::{file_digest, targets_digest};
pub use error::MetadataError;
pub use keys::{Hook, KeyError, PrivateKey, PublicKey, Signer};
pub use metadata::{Metadata, MetadataFiles};
pub use publication::{Canaries, Canary, Earlier, File, Increment, Publication, Sums};
pub use refresh::{Accepted, Refreshed, refresh};
pub use refresh_error::RefreshError;
pub use repository::{Lifetimes, Repository, RepositoryError};
pub use roles::{RoleName, Roles, Signers};
pub use terms::Terms;
pub use verify::{VerifyError, verify, verify_local, verify_next};
