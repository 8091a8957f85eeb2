//! The integration tests, as one binary.

mod register_archives;
mod register_generate;
mod register_rows;
mod register_support;
