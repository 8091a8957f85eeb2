//! Register files as publishers have them, and synthetic ones.
