//! From arguments to an exit code.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;
use clap::error::{ContextKind, ContextValue};

use super::arguments::{Arguments, Command};
use super::audit_arguments::Audit;
use super::feed_arguments::Feed;
use super::inspect_arguments::Inspect;
use super::usage::Usage;
use super::{
    alert, audit, audit_collect, audit_erase, audit_read, audit_replay, backup, case, check, demo, feed,
    generate, hits, import, inspect, keys, lists, manifest, publisher, serve, stores, sync,
};

const USAGE: u8 = 2;

/// Runs the command that the arguments name. What fails is said on standard error, with its causes.
pub(crate) fn run() -> ExitCode {
    let arguments = Arguments::try_parse().unwrap_or_else(|error| without_content(error).exit());
    let done = match arguments.command {
        Command::Demo(arguments) => demo::run(&arguments),
        Command::Generate(arguments) => generate::run(&arguments),
        Command::Import(arguments) => import::run(&arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::Manifest(arguments) => manifest::run(&arguments),
        Command::Feed(Feed::Init(arguments)) => publisher::init(&arguments),
        Command::Feed(Feed::Add(arguments)) => publisher::run_add(&arguments),
        Command::Feed(Feed::Withdraw(arguments)) => publisher::run_withdraw(&arguments),
        Command::Feed(Feed::Purge(arguments)) => publisher::run_purge(&arguments),
        Command::Feed(Feed::Publish(arguments)) => publisher::run_publish(&arguments),
        Command::Feed(Feed::Heartbeat(arguments)) => publisher::run_heartbeat(&arguments),
        Command::Feed(Feed::RotateKey(arguments)) => keys::rotate(&arguments),
        Command::Feed(Feed::SignRoot(arguments)) => keys::sign_root(&arguments),
        Command::Feed(Feed::Status(arguments)) => publisher::run_status(&arguments.dir),
        Command::Feed(Feed::Verify(arguments)) => publisher::run_verify(&arguments.dir),
        Command::Feed(Feed::Reproduce(arguments)) => publisher::run_reproduce(&arguments),
        Command::Feed(Feed::Push(arguments)) => stores::run(&arguments.dir),
        Command::Alert(command) => alert::run(&command),
        Command::Case(command) => case::run(&command),
        Command::Hits(arguments) => hits::run(&arguments),
        Command::Adopt(arguments) => audit::adopt(&arguments.data),
        Command::Backup(arguments) => backup::back_up(&arguments),
        Command::Restore(arguments) => backup::restore(&arguments),
        Command::Audit(Audit::Verify(arguments)) => audit::verify(&arguments),
        Command::Audit(Audit::Prove(arguments)) => audit::prove(&arguments),
        Command::Audit(Audit::CheckProof(arguments)) => audit::check_proof(&arguments),
        Command::Audit(Audit::Export(arguments)) => audit_read::export(&arguments),
        Command::Audit(Audit::Find(arguments)) => audit_read::find(&arguments),
        Command::Audit(Audit::Report(arguments)) => audit_read::report(&arguments),
        Command::Audit(Audit::Replay(arguments)) => audit_replay::run(&arguments),
        Command::Audit(Audit::Collect(arguments)) => audit_collect::run(&arguments),
        Command::Audit(Audit::Erase(arguments)) => audit_erase::run(&arguments),
        Command::Audit(Audit::RotateDigestKey(arguments)) => audit::rotate_key(&arguments.data),
        Command::Audit(Audit::DestroyDigestKey(arguments)) => audit::destroy_key(&arguments),
        Command::Feed(Feed::Mirror(arguments)) => feed::mirror(&arguments),
        Command::Feed(Feed::Forget(arguments)) => feed::forget(&arguments),
        Command::Sync(arguments) => sync::run(&arguments),
        Command::Fold(arguments) => lists::fold(&arguments),
        Command::Rollback(arguments) => lists::rollback(&arguments),
        Command::Serve(arguments) => serve::run(&arguments),
        Command::Inspect(Inspect::Index(arguments)) => inspect::index(&arguments),
        Command::Inspect(Inspect::Audit(arguments)) => inspect::audit(&arguments),
        Command::Inspect(Inspect::Config(arguments)) => inspect::config(&arguments),
    };
    let code = done.unwrap_or_else(|error| {
        if broken_pipe(&error) {
            return ExitCode::FAILURE;
        }
        eprintln!("portcullis: {error}");
        for cause in error.chain().skip(1) {
            eprintln!("  because: {cause}");
        }
        if error.is::<Usage>() { ExitCode::from(USAGE) } else { ExitCode::FAILURE }
    });
    match io::stdout().flush() {
        Ok(()) => code,
        Err(_) => ExitCode::FAILURE,
    }
}

/// A word too many may be a document's number: an error does not carry it on into logs.
fn without_content(mut error: clap::Error) -> clap::Error {
    for kind in [ContextKind::InvalidArg, ContextKind::InvalidSubcommand] {
        let Some(ContextValue::String(word)) = error.get(kind) else { continue };
        if !word.starts_with(['-', '<']) && word.contains(|char: char| char.is_ascii_digit() || char == '<') {
            error.insert(kind, ContextValue::String("…".to_owned()));
        }
    }
    error
}

/// Whoever read the output has gone: there is nobody to tell.
fn broken_pipe(error: &anyhow::Error) -> bool {
    let kind = |cause: &(dyn std::error::Error + 'static)| {
        let of_json = || cause.downcast_ref::<serde_json::Error>()?.io_error_kind();
        cause.downcast_ref::<io::Error>().map(io::Error::kind).or_else(of_json)
    };
    error.chain().any(|cause| kind(cause) == Some(io::ErrorKind::BrokenPipe))
}
