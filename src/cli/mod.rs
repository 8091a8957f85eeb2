//! The command line: the only place that prints and exits. Names, flags and exit codes are a contract.

mod alert;
mod alert_arguments;
mod arguments;
mod audit;
mod audit_arguments;
mod audit_collect;
mod audit_erase;
mod audit_read;
mod audit_replay;
mod backup;
mod backup_arguments;
mod bars;
mod case;
mod case_arguments;
mod check;
mod demo;
mod dispatch;
mod feed;
mod feed_arguments;
mod generate;
mod import;
mod inspect;
mod interrupt;
mod keys;
mod lists;
mod manifest;
mod progress;
mod publisher;
mod registers;
mod samples;
mod serve;
mod site;
mod stores;
mod sync;
mod usage;

pub(crate) use dispatch::run;
