//! Tests of the library as a whole, in one binary.

mod index_mapping;
mod index_publish;
mod index_samples;
mod index_segment;
