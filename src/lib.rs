//! Portcullis screens travel documents: is this document on a list of lost, stolen or revoked documents?
//!
//! **A `no_hit` must be provable.**

pub mod app;
pub mod audit;
pub mod bulk;
pub mod config;
pub mod domain;
pub mod feed;
pub mod ground;
pub mod http;
pub mod index;
pub mod publishing;
pub mod register;
pub mod screening;
