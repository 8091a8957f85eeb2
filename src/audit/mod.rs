//! Tamper-evident record of every answer.
