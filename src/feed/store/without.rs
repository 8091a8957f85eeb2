//! What a program that was built without object stores says of them.

use super::{Pushed, StoreAccess, StoreError};
use crate::feed::Repository;
use crate::feed::mirror::{Https, Limits};

/// # Errors
/// [`StoreError::NotBuilt`].
pub fn push(_: &Repository, _: &StoreAccess<'_>, _: &mut dyn FnMut(u64, u64)) -> Result<Pushed, StoreError> {
    Err(StoreError::NotBuilt)
}

/// # Errors
/// [`StoreError::NotBuilt`].
pub fn signed_mirror(_: &StoreAccess<'_>, _: &Limits) -> Result<Https, StoreError> {
    Err(StoreError::NotBuilt)
}
