//! `portcullis serve`.

use std::process::ExitCode;

use anyhow::Context;
use portcullis::app::{Server, start_logging};
use tokio::signal::unix::{SignalKind, signal};

use super::arguments::Serve;
use super::site;

pub(super) fn run(arguments: &Serve) -> anyhow::Result<ExitCode> {
    let settings = site::settings(&arguments.config)?;
    start_logging(&settings.log);
    actix_web::rt::System::new().block_on(async {
        let server = Server::start(&settings, site::disk(), site::clock())?;
        server.record_start(&site::principal()?).await?;
        eprintln!("portcullis: listening on http://{}", server.address());
        until_told(server).await
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Runs the server until Ctrl-C or SIGTERM. SIGUSR1 has every source of a feed looked at.
pub(super) async fn until_told(server: Server) -> anyhow::Result<()> {
    let handle = server.handle();
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for Ctrl-C")?;
    let board = server.board().clone();
    let mut wanted = signal(SignalKind::user_defined1()).context("cannot listen for SIGUSR1")?;
    actix_web::rt::spawn(async move {
        while wanted.recv().await.is_some() {
            board.want();
        }
    });
    actix_web::rt::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        handle.stop(true).await;
    });
    server.run().await?;
    Ok(())
}
