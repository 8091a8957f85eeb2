//! What several tests stand on.

pub(crate) mod alert;
pub(crate) mod centre;
pub(crate) mod command;
pub(crate) mod crash;
pub(crate) mod feed;
pub(crate) mod forgery;
pub(crate) mod operator;
pub(crate) mod receiver;
pub(crate) mod recording;
pub(crate) mod serving;
pub(crate) mod site;
#[cfg(feature = "object-store")]
pub(crate) mod stores;
pub(crate) mod web;
pub(crate) mod zones;
